#include "tests/bench/allocations.h"

#include <cstdlib>
#include <new>

namespace {

thread_local plumb::Allocations so_far;

void* Take(size_t bytes) {
  ++so_far.count;
  so_far.bytes += bytes;
  if (void* memory = std::malloc(bytes ? bytes : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

namespace plumb {

Allocations AllocationsSoFar() { return so_far; }

}  // namespace plumb

void* operator new(size_t bytes) { return Take(bytes); }
void* operator new[](size_t bytes) { return Take(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
