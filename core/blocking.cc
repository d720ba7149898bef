#include "core/blocking.h"

namespace plumb {

namespace {

thread_local BlockingListener* listening = nullptr;
thread_local int depth = 0;

}  // namespace

void BlockingListener::OfThisThread(BlockingListener* listener) { listening = listener; }

Blocking::Blocking() {
  if (depth++ == 0 && listening) listening->BlockingBegins();
}

Blocking::~Blocking() {
  if (--depth == 0 && listening) listening->BlockingEnds();
}

}  // namespace plumb
