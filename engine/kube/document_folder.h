// A folder of documents that never change once written: a file a key, whole or not there, the oldest removed.
#pragma once

#include <optional>
#include <string>

namespace plumb::kube {

// Thread-safe, also between processes. Trouble with the disk is no error here: what cannot be kept is fetched again.
class DocumentFolder {
 public:
  // "" keeps nothing.
  DocumentFolder(std::string folder, size_t files) : folder_(std::move(folder)), files_(files) {}

  std::optional<std::string> Read(const std::string& key) const;
  void Write(const std::string& key, const std::string& text) const;

 private:
  std::string PathOf(const std::string& key) const;
  void RemoveOldest() const;

  const std::string folder_;
  const size_t files_;
};

}  // namespace plumb::kube
