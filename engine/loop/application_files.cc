// Application documents in files: a file or a directory of them.
#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/yaml.h"
#include "engine/loop/application.h"

namespace plumb {

namespace fs = std::filesystem;

namespace {

Result<std::string> ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// A relative place in a configuration file means relative to that file, wherever plumb was started.
void MakeAbsolute(std::string& place, const fs::path& file) {
  if (place.empty() || place.find("://") != std::string::npos || place.starts_with('/')) return;
  if (!place.starts_with('.') && place.find(':') != std::string::npos) return;  // host:path of ssh
  place = fs::weakly_canonical(fs::absolute(file).parent_path() / place).string();
}

Status LoadFile(const fs::path& path, std::vector<Application>& applications) {
  PLUMB_TRY(text, ReadFile(path));
  YamlOptions strict;
  strict.refuse_duplicate_keys = true;
  PLUMB_TRY(documents, ParseYaml(text, strict), path.string());
  for (const YamlDocument& document : documents) {
    const std::string at = fmt::format("{}:{}", path.string(), document.line);
    PLUMB_TRY(application, ParseApplication(document.value), at);
    application.origin = {path.string(), 0, document.line};
    for (ApplicationSource& source : application.sources) {
      GitCredentials& c = source.git.credentials;
      for (std::string* place : {&source.git.url, &source.directory, &c.password.file, &c.bearer.file, &c.ca_file, &c.ssh_key_file, &c.known_hosts_file})
        MakeAbsolute(*place, path);
    }
    for (const Application& other : applications)
      if (other.key() == application.key())
        return Invalid(fmt::format("{}: application '{}' is given twice; the other is at {}", at, application.name, other.origin.ToString()));
    applications.push_back(std::move(application));
  }
  return Ok();
}

}  // namespace

Result<std::vector<Application>> LoadApplications(const std::string& place) {
  std::error_code error;
  std::vector<fs::path> files;
  if (fs::is_directory(place, error)) {
    for (const auto& entry : fs::directory_iterator(place, error)) {
      const std::string extension = entry.path().extension().string();
      const bool hidden = entry.path().filename().string().starts_with('.');
      if (!hidden && (extension == ".yaml" || extension == ".yml" || extension == ".json")) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  } else {
    files.emplace_back(place);
  }
  std::vector<Application> applications;
  for (const fs::path& file : files) PLUMB_OK(LoadFile(file, applications));
  if (applications.empty()) return Invalid(fmt::format("{}: no Application in it; 'plumb explain application' shows one", place));
  return applications;
}

}  // namespace plumb
