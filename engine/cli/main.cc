#include <csignal>

#include "core/heap.h"
#include "engine/cli/command.h"

int main(int argc, char** argv) {
  plumb::LimitHeapArenas();
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(2), not the end of the program
  return plumb::cli::Main({argv + 1, argv + argc});
}
