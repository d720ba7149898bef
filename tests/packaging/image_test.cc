// The Dockerfile without docker: its instructions are sound, and the packages of its last stage hold every library that the
// program is linked with.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;

struct Instruction {
  size_t stage = 0;  // 1 for what follows the first FROM
  std::string name, rest;
};

std::vector<Instruction> ReadDockerfile() {
  std::vector<Instruction> all;
  std::istringstream in(ReadAll("Dockerfile"));
  size_t stage = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.find(' ');
    const std::string name = line.substr(0, space);
    if (name == "FROM") ++stage;
    all.push_back({stage, name, line.substr(space + 1)});
  }
  return all;
}

// The packages of a kind in scripts/packages.txt.
std::set<std::string> PackagesOf(const std::string& kind) {
  std::set<std::string> packages;
  std::istringstream in(ReadAll("scripts/packages.txt"));
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name, kinds;
    if (line.starts_with("#") || !(words >> name >> kinds)) continue;
    if (("," + kinds + ",").find("," + kind + ",") != std::string::npos) packages.insert(name);
  }
  return packages;
}

TEST(Image, ItsInstructionsAreSound) {
  const std::vector<Instruction> all = ReadDockerfile();
  ASSERT_FALSE(all.empty());
  const size_t last = all.back().stage;
  EXPECT_GE(last, 2u) << "compilers stay in a stage of their own";
  const std::set<std::string> known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "ENTRYPOINT", "CMD"};  // no ADD, no ARG with secrets
  std::string user, entry, run;
  for (const Instruction& at : all) {
    SCOPED_TRACE(at.name + " " + at.rest);
    EXPECT_TRUE(known.contains(at.name));
    if (at.name == "FROM") {
      EXPECT_NE(at.rest.find(':'), std::string::npos) << "a tag";
      EXPECT_EQ(at.rest.find(":latest"), std::string::npos);
    }
    if (at.name == "COPY" && !at.rest.starts_with("--from")) {  // what is copied is there
      std::istringstream words(at.rest);
      std::vector<std::string> parts;
      for (std::string word; words >> word;) parts.push_back(word);
      for (size_t i = 0; i + 1 < parts.size(); ++i) EXPECT_TRUE(fs::exists(parts[i])) << parts[i];
      EXPECT_TRUE(parts.size() == 2 || parts.back().ends_with("/")) << "several files go into a directory";
    }
    const bool installs = at.stage == last && at.name == "RUN" && at.rest.find("install-packages") != std::string::npos;
    EXPECT_TRUE(!installs || at.rest.find("rm -rf") != std::string::npos) << "the package lists stay in no layer";
    if (at.stage == last && at.name == "RUN") run += at.rest + "\n";
    if (at.stage == last && at.name == "USER") user = at.rest;
    if (at.stage == last && at.name == "ENTRYPOINT") entry = at.rest;
  }
  EXPECT_EQ(user.find_first_not_of("0123456789:"), std::string::npos) << "a number: Kubernetes cannot tell that a name is not root";
  EXPECT_FALSE(user.empty() || user.starts_with("0")) << "not root";
  EXPECT_NE(run.find("useradd --uid " + user.substr(0, user.find(':')) + " "), std::string::npos) << "ssh refuses to run for a user that /etc/passwd does not know";
  EXPECT_EQ(entry, "[\"/usr/local/bin/plumb\"]");
}

TEST(Image, ItsPackagesHoldTheProgramsLibrariesAndPrograms) {
  if (Execute({"dpkg-query", "--version"}).status != 0) GTEST_SKIP() << "not a Debian machine";
  const std::set<std::string> packages = PackagesOf("run");
  for (const char* program : {"git", "openssh-client", "ca-certificates", "tzdata"}) EXPECT_TRUE(packages.contains(program)) << program;
  std::set<std::string> base = {"libc6", "libgcc-s1", "libstdc++6", "zlib1g"};  // in debian:12-slim itself
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  base.insert({"libasan8", "libtsan2", "libubsan1"});  // a program that is built for a sanitizer needs its libraries as well
#endif
  // Of the libraries that the program itself names, where each is found, and whose file that is ("libfmt9:amd64: /usr/lib/...").
  const Outcome owners = Execute({"sh", "-c", fmt::format("for l in $(readelf -d '{0}' | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\].*/\\1/p'); do "
                                                          "readlink -f \"$(ldd '{0}' | awk -v l=$l '$1 == l {{print $3}}')\" | sed 's|^/usr||'; done | sed 's|^|*|' | xargs dpkg-query -S", PlumbProgram())});
  std::set<std::string> used;
  std::istringstream lines(owners.out);
  for (std::string line; std::getline(lines, line);) {
    const std::string package = line.substr(0, line.find(':'));
    used.insert(package);
    EXPECT_TRUE(packages.contains(package) || base.contains(package)) << line << ": scripts/packages.txt does not name it for 'run'";
  }
  EXPECT_GT(used.size(), 8u);
  for (const std::string& package : packages)
    EXPECT_TRUE(!package.starts_with("lib") || used.contains(package)) << package << " is named for 'run', and the program is not linked with it";
}

}  // namespace
}  // namespace plumb::e2e
