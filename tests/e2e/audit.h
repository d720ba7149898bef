// What a real API server saw: its own audit log, which outlives the server. The witness for "who wrote what when".
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"

namespace plumb::e2e {

class Audit {
 public:
  // Writes the policy into `directory`: every write of ConfigMaps and Applications, of Jobs with their bodies.
  explicit Audit(const std::filesystem::path& directory);
  // For TestCluster::Real.
  std::vector<std::string> Flags() const;

  struct Write {
    std::string user, verb, resource, name;
    WallTime from, to;  // from the request's arrival to its answer
    int code = 0;
    Document event;  // the whole entry; of Jobs with "responseObject"
  };
  // Those that the server accepted, in the order of their arrival.
  std::vector<Write> Writes() const;

 private:
  std::filesystem::path policy_, log_;
};

}  // namespace plumb::e2e
