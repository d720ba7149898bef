// YAML against the programs that define it: sigs.k8s.io/yaml (kubectl, Helm) and go-yaml v3 (kustomize), over real
// documents and over random ones. Skipped where the Go program cannot be built (scripts/yaml-oracle.sh says why).
//
// PLUMB_YAML_CORPUS=DIR compares every YAML file below DIR; PLUMB_YAML_RANDOM=N sets how many random texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <set>

#include "core/json.h"
#include "core/process.h"
#include "core/yaml.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

std::string Env(const char* name, std::string fallback) {
  const char* value = std::getenv(name);
  return value && *value ? value : fallback;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class YamlOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    auto built = ProcessRunner::Real().Run({.argv = {"scripts/yaml-oracle.sh"}, .timeout = std::chrono::minutes(3)});
    if (!built.ok()) GTEST_SKIP() << built.error().message();
    if (built->status != 0) GTEST_SKIP() << built->err;
    program_ = built->out.substr(0, built->out.find('\n'));
  }

  // The oracle's answers, in the order of the texts.
  std::vector<std::string> Ask(const std::string& mode, const std::vector<std::string>& texts) {
    std::string frames;
    for (const std::string& text : texts) {
      const auto size = static_cast<uint32_t>(text.size());
      frames.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(text);
    }
    auto ran = ProcessRunner::Real().Run({.argv = {program_, mode}, .input = frames, .timeout = std::chrono::minutes(5), .out_bytes = 1u << 30});
    EXPECT_TRUE(ran.ok()) << ran.error().message();
    std::vector<std::string> answers;
    std::string_view rest = ran->out;
    while (rest.size() >= sizeof(uint32_t)) {
      uint32_t size = 0;
      std::memcpy(&size, rest.data(), sizeof(size));
      answers.emplace_back(rest.substr(sizeof(size), size));
      rest.remove_prefix(sizeof(size) + size);
    }
    EXPECT_EQ(answers.size(), texts.size());
    answers.resize(texts.size());
    return answers;
  }

  // Both refuse the text, or both read the same tree.
  void ExpectSameTrees(const std::string& mode, const std::vector<std::string>& texts) {
    const YamlOptions options{.dialect = mode == "v2" ? YamlDialect::kKubernetes : YamlDialect::kKyaml};
    const auto answers = Ask(mode, texts);
    size_t refused = 0, different = 0;
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto ours = ParseYamlOne(texts[i], options);
      const bool theirs_failed = answers[i].starts_with('!');
      refused += theirs_failed;
      bool same = ours.ok() != theirs_failed;
      if (same && ours.ok()) {
        const auto theirs = ParseJson(answers[i]);
        same = theirs.ok() && **theirs == **ours;
      }
      // go-yaml v3 drops a null key of the outermost map with its value, without a word; we refuse it.
      if (!ours.ok() && mode == "v3" && ours.error().message().find("a key cannot be null") != std::string::npos) same = true;
      if (same) continue;
      if (++different > 20) continue;
      ADD_FAILURE() << mode << " differs on:\n" << texts[i].substr(0, 2000) << "\n== " << mode << ": " << answers[i].substr(0, 1000)
                    << "\n== ours: " << (ours.ok() ? WriteJson(**ours).substr(0, 1000) : ours.error().message());
    }
    EXPECT_EQ(different, 0u);
    RecordProperty(mode + "-compared", static_cast<int>(texts.size()));
    std::printf("%s: %zu texts, %zu refused by both, %zu different\n", mode.c_str(), texts.size(), refused, different);
  }

  void ExpectSameText(const std::vector<Document>& documents) {
    std::vector<std::string> json;
    for (const Document& d : documents) json.push_back(WriteJson(*d));
    const auto answers = Ask("write", json);
    size_t different = 0, refused = 0, merge_keys = 0;
    for (size_t i = 0; i < documents.size(); ++i) {
      if (answers[i].starts_with("!")) {  // go-yaml cannot read the DEL and C1 characters that JSON has; we write escapes
        ++refused;
        continue;
      }
      const std::string ours = WriteYaml(*documents[i]);
      if (ours == answers[i]) continue;
      // go-yaml writes the key "<<" as it is and cannot read it back: the one key that we quote. Two quotes may move a line's fold.
      if (json[i].find(R"("<<":)") != std::string::npos && SameButMergeKeys(ours, answers[i])) {
        ++merge_keys;
        continue;
      }
      if (++different > 20) continue;
      ADD_FAILURE() << "written differently:\n" << json[i].substr(0, 1000) << "\n== theirs:\n" << answers[i].substr(0, 1000) << "\n== ours:\n" << ours.substr(0, 1000);
    }
    EXPECT_EQ(different, 0u);
    std::printf("write: %zu documents, %zu refused by theirs, %zu with a merge key in quotes, %zu different\n", documents.size(), refused, merge_keys, different);
  }

  static bool SameButMergeKeys(const std::string& ours, const std::string& theirs) {
    static const std::regex key("(^|\n)((?:- | )*)\"<<\":"), space("\\s+");
    const auto normal = [](const std::string& text) { return std::regex_replace(std::regex_replace(text, key, "$1$2<<:"), space, " "); };
    return normal(ours) == normal(theirs);
  }

  std::string program_;
};

// Go reads the first document of a text only: one text for each document.
void SplitStream(std::string_view stream, std::vector<std::string>& texts) {
  while (!stream.empty()) {
    const size_t end = stream.find("\n---");
    texts.emplace_back(stream.substr(0, end == std::string_view::npos ? end : end + 1));
    if (end == std::string_view::npos) break;
    stream.remove_prefix(end + 1);
    stream.remove_prefix(std::min(stream.size(), stream.find('\n')));
  }
}

// Every YAML document of a folder, each text once.
std::vector<std::string> Corpus(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (entry.is_regular_file() && (extension == ".yaml" || extension == ".yml" || extension == ".out")) files.insert(ReadFile(entry.path()));
  }
  std::vector<std::string> texts;
  for (const std::string& file : files) SplitStream(file, texts);
  return texts;
}

std::vector<Document> Documents(const std::vector<std::string>& texts) {
  std::vector<Document> documents;
  for (const std::string& text : texts)
    if (auto parsed = ParseYamlOne(text); parsed.ok()) documents.push_back(*parsed);
  return documents;
}

// The example repositories and the kustomizations with their renders, unpacked into `to`.
bool Unpack(const fs::path& to) {
  const fs::path shared = Env("PLUMB_SHARED", "../shared"), conformance = Env("PLUMB_CONFORMANCE", "../shared/conformance");
  auto run = [](std::vector<std::string> argv) {
    auto ran = ProcessRunner::Real().Run({.argv = std::move(argv)});
    return ran.ok() && ran->ok();
  };
  bool any = false;
  if (fs::exists(shared / "repos"))
    for (const auto& bundle : fs::directory_iterator(shared / "repos"))
      if (bundle.path().extension() == ".bundle") {
        const std::string target = to / bundle.path().stem();
        any |= run({"git", "clone", "-q", "-n", bundle.path(), target}) &&
               run({"sh", "-c", "cd \"$0\" && git checkout -q $(git rev-list --all -n 1)", target});
      }
  const fs::path kustomize = conformance / "kustomize" / "kust-dev.tar.xz";
  if (fs::exists(kustomize)) any |= run({"tar", "-xJf", kustomize, "-C", to});
  return any;
}

TEST_F(YamlOracle, RealDocuments) {
  fs::path corpus = Env("PLUMB_YAML_CORPUS", "");
  if (corpus.empty()) {
    corpus = fs::temp_directory_path() / ("plumb-yaml-" + std::to_string(getpid()));
    fs::create_directories(corpus);
    if (!Unpack(corpus)) {
      fs::remove_all(corpus);
      GTEST_SKIP() << "no example repositories: set PLUMB_SHARED and PLUMB_CONFORMANCE";
    }
  }
  const auto texts = Corpus(corpus);
  if (Env("PLUMB_YAML_CORPUS", "").empty()) fs::remove_all(corpus);
  ExpectSameTrees("v2", texts);
  ExpectSameTrees("v3", texts);
  ExpectSameText(Documents(texts));
}

// Random trees of strings made of what emitters trip over.
TEST_F(YamlOracle, RandomStringsAreWrittenAlike) {
  static const std::vector<std::string> kPieces = {
      "a", "B", "0", "9", " ", "  ", "\n", "\n\n", "\t", ":", ": ", "#", " #", "-", "- ", "?", ",", "[", "]", "{", "}", "&", "*", "!", "|",
      ">", "'", "\"", "%", "@", "`", "\\", "true", "null", "~", "yes", "1:30", "0x1", "1e3", ".5", "2001-01-01", "<<", "=", "é", "ü", "語",
      "\u00a0", "a\ufeff", "😀", "\r", "\x01", "\x7f", "\x1b", "word", "another longer word", "...", "---", "٣", "ß",
      "\ufffd", "_", ".", "/", "$(X)", "{{ x }}", "https://example.org/a?b=c"};
  std::mt19937 random(7);
  auto below = [&](size_t n) { return static_cast<size_t>(random()) % n; };
  auto text = [&](size_t pieces) {
    std::string s;
    for (size_t i = below(pieces + 1); i > 0; --i) s += kPieces[below(kPieces.size())];
    return s;
  };
  std::vector<Document> documents;
  for (int n = std::stoi(Env("PLUMB_YAML_RANDOM", "20000")); n > 0; --n) {
    documents.push_back(BuildDocument([&](Arena& a) {
      std::vector<Member> members;
      std::set<std::string> keys;
      for (size_t i = below(4); i > 0; --i) {
        const std::string key = text(n % 10 == 0 ? 40 : 4);
        if (!keys.insert(key).second) continue;
        Value value = a.String(text(n % 7 == 0 ? 60 : 8));
        if (below(4) == 0) value = a.List({value, a.String(text(5)), a.List({a.Map({{"k", a.String(text(5))}})})});
        members.push_back({a.Key(key), value});
      }
      if (below(20) == 0) return a.String(text(10));
      return a.Map(members);
    }));
  }
  ExpectSameText(documents);
}

TEST_F(YamlOracle, RandomNumbersAreWrittenAlike) {
  std::mt19937_64 random(11);
  std::vector<Document> documents;
  for (int n = 0; n < 20000; ++n) {
    double d = 0;
    const uint64_t bits = random();
    switch (n % 4) {
      case 0: std::memcpy(&d, &bits, sizeof(d)); break;
      case 1: d = static_cast<double>(static_cast<int64_t>(bits)) / 1e3; break;
      case 2: d = static_cast<double>(bits); break;
      default: d = static_cast<double>(bits % 1000000) / 1000; break;
    }
    if (d != d || d - d != 0) continue;
    documents.push_back(BuildDocument([&](Arena& a) { return a.List({a.Float(d), Arena::Int(static_cast<int64_t>(bits))}); }));
  }
  ExpectSameText(documents);
}

// The texts that libyaml and go-yaml take differently, listed in core/yaml.h; and streams, which Go cuts off.
bool GrammarsDiffer(std::string_view text) {
  const auto has = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  const bool flow = has("[") || has("{");
  return has("\n---") || has("...") || (has("\t") && (has("#") || flow)) || (flow && (has("? ") || has(":]") || has(":}") || has(":,"))) || has("!!str <<");
}

// Random texts out of the pieces that YAML is made of: most are refused, and by both.
TEST_F(YamlOracle, RandomTextsAreReadAlike) {
  static const std::vector<std::string> kPieces = {
      "a", "b: ", "- ", "\n", "\n  ", "\n    ", "\n- ", "key: value\n", "x: ", ": ", ":", "? ", "[", "]", "{", "}", ", ", "&a ", "*a", "*a ",
      "!!str ", "!!int ", "!foo ", "! ", "<<: ", "'", "\"", "|\n ", ">\n ", "|-\n  ", "# c\n", " #c", "1", "0x10", "010", "1e3", "yes", "null", "~",
      "true", "2001-01-01", "1_000", ".5", "0b1", "0o7", "-1", "+1", "é", "\\n", "\"a\"", "'b'", "[1, 2]", "{k: v}", "...", " ", "  ", "\t", "=", "0.1.2",
      "{a: [b]}", "!!binary aGk=", "!!float 1", ".inf", "-.5", "08", "1:30", "!!null ''", "%", "@"};
  std::mt19937 random(5);
  std::vector<std::string> texts;
  for (int n = std::stoi(Env("PLUMB_YAML_RANDOM", "20000")); n > 0; --n) {
    std::string text = n % 3 == 0 ? "k: " : "";
    for (size_t i = random() % 9 + 1; i > 0; --i) text += kPieces[random() % kPieces.size()];
    if (!GrammarsDiffer(text)) texts.push_back(text);
  }
  ExpectSameTrees("v2", texts);
  ExpectSameTrees("v3", texts);
}

}  // namespace
}  // namespace plumb
