// What one operation takes from the allocator, as counters beside its time.
//
// allocations.cc replaces the program's operator new: link it into benchmarks only.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

namespace plumb {

struct Allocations {
  size_t count = 0, bytes = 0;  // so far, of this thread
};
Allocations AllocationsSoFar();

// Runs `operation` once more and adds the counters "allocs" and "bytes". Call it when the time is taken.
template <typename Operation>
void CountAllocations(benchmark::State& state, const Operation& operation) {
  const Allocations before = AllocationsSoFar();
  operation();
  const Allocations after = AllocationsSoFar();
  state.counters["allocs"] = static_cast<double>(after.count - before.count);
  state.counters["bytes"] = static_cast<double>(after.bytes - before.bytes);
}

}  // namespace plumb
