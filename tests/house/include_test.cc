// The direction of includes: each room uses only the rooms below it (docs/design.md, "who may include whom").
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

namespace plumb {
namespace {

namespace fs = std::filesystem;
using Rooms = std::set<std::string>;

const std::map<std::string, Rooms> kMayUse = {
    {"core", {}},
    {"diff", {"core"}},
    {"sources", {"core"}},
    {"plugins", {"core", "diff"}},
    {"engine/http", {"core"}},
    {"engine/kube", {"core", "diff", "engine/http"}},
    {"engine/sandbox", {"core", "diff", "engine/http", "engine/kube"}},
    {"engine/health", {"core", "diff"}},
    {"engine/plan", {"core", "diff"}},
    {"engine/apply", {"core", "diff", "engine/http", "engine/kube", "engine/plan", "engine/health"}},
    {"engine/loop", {"core", "diff", "sources", "plugins", "engine/http", "engine/kube", "engine/plan", "engine/health", "engine/apply"}},
    {"engine/review", {"core", "diff", "sources", "plugins", "engine/http", "engine/kube", "engine/plan", "engine/health", "engine/apply", "engine/loop"}},
    {"engine/controller", {"core", "diff", "sources", "plugins", "engine/http", "engine/kube", "engine/plan", "engine/health", "engine/apply", "engine/loop"}},
    {"engine/server", {"core", "diff", "sources", "plugins", "engine/http", "engine/kube", "engine/plan", "engine/health", "engine/apply", "engine/loop"}},
    {"engine/cli", {"core", "diff", "sources", "plugins", "engine/http", "engine/kube", "engine/plan", "engine/health", "engine/apply", "engine/loop", "engine/controller", "engine/review", "engine/server", "engine/sandbox"}},
};

// "engine/kube/client.h" is of room "engine/kube", "core/value.h" of "core"; a system header of none.
std::string RoomOf(const std::string& path) {
  const size_t first = path.find('/');
  if (first == std::string::npos) return "";
  const std::string top = path.substr(0, first);
  if (top != "engine") return kMayUse.contains(top) ? top : "";
  const size_t second = path.find('/', first + 1);
  return second == std::string::npos ? "" : path.substr(0, second);
}

TEST(House, IncludesGoOnlyDownwards) {
  int checked = 0;
  for (const char* top : {"core", "diff", "sources", "plugins", "engine"}) {
    for (const auto& file : fs::recursive_directory_iterator(top)) {
      const std::string path = file.path().generic_string();
      if (!path.ends_with(".h") && !path.ends_with(".cc")) continue;
      const std::string room = RoomOf(path);
      ASSERT_TRUE(kMayUse.contains(room)) << path << " is in no room of the house; give '" << room << "' a row here and in docs/design.md";
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("#include \"")) continue;
        const std::string used = RoomOf(line.substr(10));
        if (used.empty() || used == room) continue;
        ++checked;
        EXPECT_TRUE(kMayUse.at(room).contains(used)) << path << ": " << line << ": '" << room << "' may not use '" << used << "'";
      }
    }
  }
  EXPECT_GT(checked, 20) << "the test must run in the project's root";
}

TEST(House, HeavyHeadersStayInOneFileEach) {
  const std::map<std::string, int> kHeavy = {{"<boost/beast", 1}, {"<boost/program_options", 1}, {"<simdjson.h>", 1}, {"<prometheus/", 1}};
  std::map<std::string, Rooms> users;
  for (const char* top : {"core", "diff", "sources", "plugins", "engine"}) {
    for (const auto& file : fs::recursive_directory_iterator(top)) {
      const std::string path = file.path().generic_string();
      if (!path.ends_with(".h") && !path.ends_with(".cc")) continue;
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);)
        for (const auto& [header, most] : kHeavy)
          if (line.starts_with("#include " + header)) users[header].insert(path);
    }
  }
  for (const auto& [header, most] : kHeavy) {
    std::string who;
    for (const std::string& path : users[header]) who += " " + path;
    EXPECT_LE(static_cast<int>(users[header].size()), most) << header << " is included by" << who << ": it costs seconds for each";
  }
}

}  // namespace
}  // namespace plumb
