// The incidents on a real API server: which one, and how each test finds it empty.
#pragma once

namespace plumb {

// Why the cluster that PLUMB_INCIDENTS asks for cannot be had; nullptr where it can, or where none is asked for.
const char* NoCluster();

// Takes away what the test before made. True; of a sandbox, which is new for each test, at once.
bool CleanCluster();

}  // namespace plumb
