// The documentation is true: links lead somewhere, commands and flags in its examples exist, Applications in it parse, and
// the examples that say so are run, line by line, against an embedded cluster.
//
// An example is a block indented by four spaces, or fenced. `<!-- runs -->` on the line before it has it run in the
// project's root with $KUBECONFIG set; a line ends with status 0, or with N where its comment says "exit code N".
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "core/yaml.h"
#include "engine/loop/application.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;

struct Example {
  std::string where;  // "docs/cli.md:12"
  std::vector<std::string> lines;
  bool runs = false;
};

struct Page {
  fs::path path;
  std::string text;
  std::vector<Example> examples;
};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Page ReadPage(const fs::path& path) {
  Page page{path, ReadAll(path), {}};
  bool inside = false, fenced = false, after_blank = true, runs = false;
  size_t number = 0;
  for (const std::string& line : Lines(page.text)) {
    ++number;
    const bool fence = line.starts_with("```"), indented = line.starts_with("    ");
    const auto begin = [&] { page.examples.push_back({fmt::format("{}:{}", path.generic_string(), number + fenced), {}, std::exchange(runs, false)}); };
    if (line == "<!-- runs -->") runs = true;
    if (fence) {
      fenced = inside = !fenced;
      if (fenced) begin();
    } else if (fenced || (indented && (inside || after_blank))) {
      if (!inside) begin();
      inside = true;
      page.examples.back().lines.push_back(fenced ? line : line.substr(4));
    } else if (!line.empty()) {
      inside = false;
    } else if (inside && !fenced) {
      page.examples.back().lines.emplace_back();
    }
    after_blank = line.empty() || line == "<!-- runs -->";
  }
  return page;
}

std::vector<Page> Pages() {
  std::vector<Page> pages;
  for (const fs::path& root : {fs::path("."), fs::path("docs"), fs::path("examples"), fs::path("charts"), fs::path("tests")})
    if (fs::exists(root))
      for (auto file = fs::recursive_directory_iterator(root); file != fs::recursive_directory_iterator(); ++file) {
        if (file->is_directory() && root == ".") file.disable_recursion_pending();
        if (file->path().extension() == ".md") pages.push_back(ReadPage(file->path().lexically_normal()));
      }
  return pages;
}

// "plumb diff deploy --namespace shop  # words" of a line, whatever stands before the program's name; "" where none.
std::string Invocation(const std::string& line) {
  static const std::regex kCommand(R"((?:^|[\s;&|(])(?:build/)?plumb ([a-z][^|;&#<>`]*))");
  std::smatch found;
  return std::regex_search(line, found, kCommand) ? found[1].str() : "";
}

// A heading in GitHub's form of an anchor.
std::string Anchor(const std::string& heading) {
  std::string anchor;
  for (const char c : heading.substr(std::min(heading.size(), heading.find_first_not_of("# "))))
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (c == ' ') anchor += '-';
  return anchor;
}

TEST(Docs, LinksLeadSomewhere) {
  static const std::regex kLink(R"(\]\(([^)\s]+)\))");
  size_t links = 0;
  for (const Page& page : Pages()) {
    for (std::sregex_iterator at(page.text.begin(), page.text.end(), kLink), end; at != end; ++at) {
      const std::string target = (*at)[1];
      if (target.find("://") != std::string::npos || target.starts_with("mailto:")) continue;
      ++links;
      const size_t hash = target.find('#');
      const fs::path file = hash == 0 ? page.path : page.path.parent_path() / target.substr(0, hash);
      EXPECT_TRUE(fs::exists(file)) << page.path << " links to " << target;
      if (hash == std::string::npos || !fs::exists(file)) continue;
      std::set<std::string> anchors;
      for (const std::string& line : Lines(ReadAll(file)))
        if (line.starts_with("#")) anchors.insert(Anchor(line));
      EXPECT_TRUE(anchors.contains(target.substr(hash + 1))) << page.path << " links to " << target;
    }
  }
  EXPECT_GT(links, 20u) << "the test must run in the project's root";
}

TEST(Docs, CommandsAndFlagsInExamplesExist) {
  static const std::regex kFlag(R"((?:^|\s)(--[a-z][a-z-]*))");
  std::map<std::string, std::string> help;
  size_t checked = 0;
  for (const Page& page : Pages()) {
    for (const Example& example : page.examples) {
      std::string line;
      for (const std::string& part : example.lines) {
        line += part;
        if (line.ends_with("\\")) {
          line.back() = ' ';
          continue;
        }
        const bool helm = line.starts_with("helm ");  // whose release is called plumb too
        const std::string invocation = Invocation(std::exchange(line, ""));
        if (helm || invocation.empty()) continue;
        const std::string command = invocation.substr(0, invocation.find_first_of(" \n"));
        if (!help.contains(command)) {
          const Outcome outcome = Execute({PlumbProgram(), command, "--help"});
          EXPECT_EQ(outcome.status, 0) << example.where << ": 'plumb " << command << "' is no command";
          help[command] = outcome.out;
        }
        for (std::sregex_iterator at(invocation.begin(), invocation.end(), kFlag), end; at != end; ++at) {
          ++checked;
          EXPECT_NE(help[command].find((*at)[1].str() + " "), std::string::npos) << example.where << ": 'plumb " << command << "' has no flag " << (*at)[1];
        }
      }
    }
  }
  EXPECT_GT(checked, 5u);
}

TEST(Docs, ApplicationsInExamplesParse) {
  size_t parsed = 0;
  for (const Page& page : Pages()) {
    for (const Example& example : page.examples) {
      if (std::ranges::find(example.lines, "kind: Application") == example.lines.end()) continue;
      std::string text;
      for (const std::string& line : example.lines) text += line + "\n";
      const auto documents = ParseYaml(text);
      ASSERT_TRUE(documents.ok()) << example.where << ": " << documents.error().message();
      for (const auto& document : *documents) {
        if (document.value->GetString("kind") != "Application") continue;
        const auto application = ParseApplication(document.value);
        EXPECT_TRUE(application.ok()) << example.where << ": " << (application.ok() ? "" : application.error().message());
        ++parsed;
      }
    }
  }
  EXPECT_GT(parsed, 0u);
}

TEST(Docs, ExamplesThatSaySoRun) {
  static const std::regex kStatus(R"(#.*exit code (\d+))");
  size_t ran = 0;
  for (const Page& page : Pages()) {
    TempDirectory directory;
    std::unique_ptr<TestCluster> cluster;
    for (const Example& example : page.examples) {
      if (!example.runs) continue;
      if (!cluster) cluster = TestCluster::Sandbox(directory);
      std::string script = "failed() { echo \"$1: status $2, not $3\" >&2; exit 1; }\n";
      for (const std::string& line : example.lines) {
        if (line.empty() || line.starts_with("#")) continue;
        std::smatch status;
        const std::string want = std::regex_search(line, status, kStatus) ? status[1].str() : "0";
        script += fmt::format("{}\nstatus=$?; [ $status = {} ] || failed '{}' $status {}\n", std::regex_replace(line, std::regex("build/plumb"), "plumb"), want,
                              std::regex_replace(line, std::regex("'"), "'\\''"), want);
      }
      const std::string path = fs::path(PlumbProgram()).parent_path().string() + ":" + std::getenv("PATH");
      const Outcome outcome = Execute({"bash", "-c", script}, {{"KUBECONFIG", cluster->kubeconfig}, {"PATH", path}});
      EXPECT_EQ(outcome.status, 0) << example.where << "\n" << outcome.out << outcome.err;
      ++ran;
    }
  }
  EXPECT_GT(ran, 0u);
}

}  // namespace
}  // namespace plumb::e2e
