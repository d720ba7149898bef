#include "engine/kube/document_folder.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "core/hash.h"

namespace plumb::kube {

namespace fs = std::filesystem;

std::string DocumentFolder::PathOf(const std::string& key) const { return folder_ + "/" + Sha256Hex(key) + ".json"; }

std::optional<std::string> DocumentFolder::Read(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  std::ifstream file(PathOf(key), std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

void DocumentFolder::Write(const std::string& key, const std::string& text) const {
  if (folder_.empty()) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  const std::string path = PathOf(key), part = path + "." + std::to_string(getpid());
  {
    std::ofstream file(part, std::ios::binary);
    file << text;
    file.close();
    if (!file) {  // a full disk must not leave half a document
      fs::remove(part, error);
      return;
    }
  }
  fs::rename(part, path, error);
  RemoveOldest();
}

void DocumentFolder::RemoveOldest() const {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const auto& entry : fs::directory_iterator(folder_, error)) files.emplace_back(entry.last_write_time(error), entry.path());
  if (files.size() <= files_) return;
  std::ranges::sort(files);
  for (size_t i = 0; i < files.size() - files_; ++i) fs::remove(files[i].second, error);
}

}  // namespace plumb::kube
