#include "engine/health/health_rules.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/json.h"
#include "core/suggest.h"
#include "core/yaml.h"
#include "engine/health/rules.h"

// The table's bytes, put into the program by the assembler. PLUMB_HEALTH_TABLE is its path, from CMakeLists.txt.
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    "plumb_health_table_begin:\n"
    ".incbin \"" PLUMB_HEALTH_TABLE "\"\n"
    "plumb_health_table_end:\n"
    ".popsection\n");
extern "C" const char plumb_health_table_begin[];
extern "C" const char plumb_health_table_end[];

namespace plumb {
namespace {

constexpr size_t kMostEntries = 1000, kMostRules = 100, kMostTests = 20, kMostWords = 200;
constexpr size_t kMessageBytes = 300;

std::string NameOf(const Gvk& gvk) { return gvk.group.empty() ? gvk.kind : gvk.kind + "." + gvk.group; }

// '*' stands for any text. O(pattern * text): a star is only ever taken back to the last one.
bool Fits(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool FitsAny(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return Fits(pattern, text); });
}

std::string Text(Value v) { return v.is_string() ? std::string(v.AsString()) : v.is_null() ? "" : WriteJson(v); }

// "has failed: {status.message}" filled in; where the end is empty, so is the colon before it.
std::string Fill(std::string_view message, Value object) {
  std::string out;
  while (!message.empty()) {
    const size_t open = message.find('{');
    const size_t close = open == std::string_view::npos ? open : message.find('}', open);
    if (close == std::string_view::npos) break;
    out += message.substr(0, open);
    const auto path = FieldPath::Parse(message.substr(open + 1, close - open - 1));
    const Value* found = path.ok() ? path->Find(object) : nullptr;
    if (found) out += Text(*found);
    message = message.substr(close + 1);
  }
  out += message;
  out = out.substr(0, out.find('\n'));
  while (out.ends_with(' ') || out.ends_with(':') || out.ends_with(',')) out.pop_back();
  if (out.size() <= kMessageBytes) return out;
  size_t cut = kMessageBytes;
  while (cut > 0 && (static_cast<uint8_t>(out[cut]) & 0xc0) == 0x80) --cut;
  return out.substr(0, cut) + "...";
}

}  // namespace

// Reads the form strictly. The first problem is kept with the place where it stands, so that a file's line can be told.
class HealthRules::Reader {
 public:
  HealthRules Read(Value list) {
    HealthRules out;
    if (!list.is_list()) {
      Fail(fmt::format("expected a list of {{kinds, rules}}, found {}", KindWithArticle(list.kind())));
      return out;
    }
    if (list.size() > kMostEntries) Fail(fmt::format("has more than {} entries", kMostEntries));
    for (size_t i = 0; i < list.size() && !failed(); ++i) {
      const Push at(*this, std::to_string(i));
      ReadEntry(list[i], out);
    }
    return out;
  }

  bool failed() const { return !problem_.empty(); }
  const std::string& problem() const { return problem_; }
  const std::vector<std::string>& place() const { return place_; }
  // "[0].rules[1].is"
  std::string PlaceText() const {
    std::string text;
    for (const std::string& part : place_) {
      const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
      text += index ? "[" + part + "]" : (text.empty() ? "" : ".") + part;
    }
    return text;
  }

 private:
  class Push {
   public:
    Push(Reader& reader, std::string part) : reader_(reader) { reader_.path_.push_back(std::move(part)); }
    ~Push() { reader_.path_.pop_back(); }

   private:
    Reader& reader_;
  };

  void Fail(std::string problem) {
    if (failed()) return;
    problem_ = std::move(problem);
    place_ = path_;
  }

  void CheckKeys(Value map, const std::vector<std::string>& known) {
    if (!map.is_map()) return Fail(fmt::format("expected a map, found {}", KindWithArticle(map.kind())));
    for (const Member& member : map.members()) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      const Push at(*this, std::string(member.key));
      Fail(fmt::format("unknown field{}", DidYouMean(member.key, known)));
    }
  }

  void ReadEntry(Value map, HealthRules& out) {
    CheckKeys(map, {"kinds", "rules"});
    if (failed()) return;
    const std::vector<std::string> kinds = Words(map, "kinds");
    if (kinds.empty()) Fail("'kinds' is missing: a list such as [Certificate.cert-manager.io]");
    auto entry = std::make_shared<Entry>();
    const Value rules = map.Get("rules");
    const Push at(*this, "rules");
    if (!rules.is_list() || rules.empty()) Fail("expected a list with at least one rule");
    if (rules.size() > kMostRules) Fail(fmt::format("has more than {} rules", kMostRules));
    for (size_t i = 0; i < rules.size() && !failed(); ++i) {
      const Push item(*this, std::to_string(i));
      entry->rules.push_back(ReadRule(rules[i]));
      if (i + 1 < rules.size() && entry->rules.back().when.empty()) Fail("has no 'when', so that no rule after it ever applies");
    }
    for (const std::string& kind : kinds) {
      if (kind.find('*') != std::string::npos) out.patterns_.emplace_back(kind, entry);
      else if (!out.exact_.emplace(kind, entry).second) Fail(fmt::format("kind '{}' has rules already", kind));
    }
    out.entries_.push_back(std::move(entry));
  }

  Rule ReadRule(Value map) {
    Rule rule;
    CheckKeys(map, {"is", "final", "when", "message"});
    if (failed()) return rule;
    {
      const Push at(*this, "is");
      const std::vector<std::string> names = {"healthy", "suspended", "progressing", "unknown", "degraded"};
      constexpr HealthStatus kStatuses[] = {HealthStatus::kHealthy, HealthStatus::kSuspended, HealthStatus::kProgressing, HealthStatus::kUnknown,
                                            HealthStatus::kDegraded};
      const auto found = std::find(names.begin(), names.end(), map.GetString("is"));
      if (found == names.end())
        Fail(fmt::format("expected healthy, suspended, progressing, unknown or degraded, found '{}'{}", Text(map.Get("is")), DidYouMean(map.GetString("is"), names)));
      else rule.is = kStatuses[found - names.begin()];
    }
    if (const Value* final = map.Find("final")) {
      const Push at(*this, "final");
      if (!final->is_bool()) Fail("expected true or false");
      rule.final = final->AsBool();
      if (rule.final && rule.is != HealthStatus::kDegraded) Fail("only what is degraded can be so for good");
    }
    if (const Value* message = map.Find("message")) {
      const Push at(*this, "message");
      if (!message->is_string() || message->AsString().size() > kMessageBytes) Fail(fmt::format("expected a text of at most {} bytes", kMessageBytes));
      rule.message = message->AsString();
    }
    const Value when = map.Get("when");
    const Push at(*this, "when");
    if (when.is_list()) {
      if (when.empty() || when.size() > kMostTests) Fail(fmt::format("expected 1 to {} tests", kMostTests));
      for (size_t i = 0; i < when.size() && !failed(); ++i) {
        const Push item(*this, std::to_string(i));
        rule.when.push_back(ReadTest(when[i]));
      }
    } else if (map.Has("when")) {
      rule.when.push_back(ReadTest(when));
    }
    return rule;
  }

  Test ReadTest(Value map) {
    Test test;
    CheckKeys(map, {"condition", "status", "reason", "severity", "field", "equals", "same", "any", "each"});
    if (failed()) return test;
    if (map.Has("condition") == map.Has("field")) Fail("give exactly one of 'condition' and 'field'");
    for (const char* key : {"status", "reason", "severity"})
      if (map.Has(key) && !map.Has("condition")) Fail(fmt::format("'{}' goes with 'condition'", key));
    for (const char* key : {"equals", "same"})
      if (map.Has(key) && !map.Has("field")) Fail(fmt::format("'{}' goes with 'field'", key));
    if (map.Has("equals") && map.Has("same")) Fail("give one of 'equals' and 'same'");
    if (map.Has("any") && map.Has("each")) Fail("give one of 'any' and 'each'");
    test.conditions = Words(map, "condition");
    if (map.Has("condition") && test.conditions.empty()) Fail("'condition' names none");
    test.statuses = Words(map, "status");
    if (test.statuses.empty()) test.statuses = {"True"};
    test.reasons = Words(map, "reason");
    test.severities = Words(map, "severity");
    test.field = Path(map, "field");
    test.same = Path(map, "same");
    test.any = Path(map, "any");
    test.each = Path(map, "each");
    if (const Value* equals = map.Find("equals")) {
      const Push at(*this, "equals");
      if (equals->is_map()) Fail("expected a value or a list of values");
      if (!equals->is_list()) test.equals.emplace_back(*equals);
      for (Value v : equals->items()) {
        if (!v.is_scalar()) Fail("expected a list of plain values");
        test.equals.emplace_back(v);
      }
      if (test.equals.empty() || test.equals.size() > kMostWords) Fail(fmt::format("expected 1 to {} values", kMostWords));
    }
    return test;
  }

  // A word or a list of words. YAML's booleans are words here: statuses are True and False.
  std::vector<std::string> Words(Value map, std::string_view key) {
    std::vector<std::string> words;
    const Value* value = map.Find(key);
    if (!value) return words;
    const Push at(*this, std::string(key));
    const auto add = [&](Value v) {
      if (v.is_bool()) words.emplace_back(v.AsBool() ? "True" : "False");
      else if (v.is_string() && !v.AsString().empty()) words.emplace_back(v.AsString());
      else Fail(fmt::format("expected a word, found {}", KindWithArticle(v.kind())));
    };
    if (value->is_list()) for (Value v : value->items()) add(v);
    else add(*value);
    if (words.size() > kMostWords) Fail(fmt::format("has more than {} words", kMostWords));
    return words;
  }

  std::optional<FieldPath> Path(Value map, std::string_view key) {
    const Value* value = map.Find(key);
    if (!value) return std::nullopt;
    const Push at(*this, std::string(key));
    auto path = FieldPath::Parse(value->AsString());
    if (value->AsString().empty()) Fail("expected a field such as status.phase");
    else if (!path.ok()) Fail(path.error().message());
    else return *std::move(path);
    return std::nullopt;
  }

  std::vector<std::string> path_, place_;
  std::string problem_;
};

Result<HealthRules> HealthRules::Parse(Value list, std::string_view path) {
  Reader reader;
  HealthRules rules = reader.Read(list);
  if (reader.failed()) return Invalid(fmt::format("{}{}: {}", path, reader.PlaceText(), reader.problem()));
  return rules;
}

Result<HealthRules> HealthRules::ParseFile(std::string_view text, const std::string& file) {
  PLUMB_TRY(document, ParseYamlOne(text, {.refuse_duplicate_keys = true, .bytes = 1u << 20, .depth = 20, .nodes = 200'000}), file);
  if (document->is_null()) return HealthRules();
  Reader reader;
  HealthRules rules = reader.Read(document.root());
  if (!reader.failed()) return rules;
  const std::string place = reader.PlaceText();
  return Invalid(fmt::format("{}:{}: {}{}{}", file, LocateYaml(text, 0, reader.place()).line, place, place.empty() ? "" : ": ", reader.problem()));
}

Result<HealthRules> HealthRules::OfTree(const Tree& tree) {
  const auto text = tree.Read(std::string(kFile));
  if (!text.ok()) return text.error().code() == Code::kNotFound ? Result<HealthRules>(HealthRules()) : text.error();
  return ParseFile(*text, std::string(kFile));
}

const HealthRules& HealthRules::BuiltIn() {
  static const HealthRules* const rules = [] {
    const std::string_view text(plumb_health_table_begin, static_cast<size_t>(plumb_health_table_end - plumb_health_table_begin));
    auto parsed = ParseFile(text, "tables/kinds.yaml");
    return new HealthRules(parsed.ok() ? *std::move(parsed) : HealthRules());  // a test reads it: it cannot be wrong in a build
  }();
  return *rules;
}

void HealthRules::Add(const HealthRules& others) {
  entries_.insert(entries_.end(), others.entries_.begin(), others.entries_.end());
  exact_.insert(others.exact_.begin(), others.exact_.end());
  patterns_.insert(patterns_.end(), others.patterns_.begin(), others.patterns_.end());
}

std::vector<std::string> HealthRules::KindNames() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : exact_) names.push_back(name);
  for (const auto& [name, entry] : patterns_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

const HealthRules::Entry* HealthRules::Find(const Gvk& gvk) const {
  if (entries_.empty()) return nullptr;
  const std::string name = NameOf(gvk);
  if (const auto found = exact_.find(name); found != exact_.end()) return found->second.get();
  for (const auto& [pattern, entry] : patterns_)
    if (Fits(pattern, name)) return entry.get();
  return nullptr;
}

bool HealthRules::HoldsAt(const Test& test, Value scope, Value object, std::string* why) {
  if (test.field) {
    const Value* found = test.field->Find(scope);
    if (!found || found->is_null() || (found->is_string() && found->AsString().empty()) || ((found->is_list() || found->is_map()) && found->empty())) return false;
    if (test.same) {
      const Value* other = test.same->Find(scope);
      return other && *other == *found;
    }
    if (!test.equals.empty() && std::none_of(test.equals.begin(), test.equals.end(), [&](const PathScalar& v) { return v.Matches(*found); })) return false;
    if (why) *why = fmt::format("{} is '{}'", test.field->ToString(), Text(*found).substr(0, kMessageBytes / 2));
    return true;
  }
  const bool whole = scope.SameAs(object);
  const int64_t generation = health::Number(object.Get("metadata"), "generation");
  for (Value c : (whole ? object.Get("status").Get("conditions") : scope.Get("conditions")).items()) {
    if (!FitsAny(test.conditions, c.GetString("type"))) continue;
    // One that its controller wrote before the last change says nothing about it.
    if (whole && health::Number(c, "observedGeneration", generation) < generation) continue;
    if (!FitsAny(test.statuses, c.GetString("status"))) continue;
    if (!test.reasons.empty() && !FitsAny(test.reasons, c.GetString("reason"))) continue;
    if (!test.severities.empty() && !FitsAny(test.severities, c.GetString("severity"))) continue;
    if (why) {
      const std::string text = health::Condition{"", c.GetString("reason"), c.GetString("message")}.Text();
      *why = fmt::format("{} is {}{}{}", c.GetString("type"), c.GetString("status"), text.empty() ? "" : ": ", text);
    }
    return true;
  }
  return false;
}

bool HealthRules::Holds(const Test& test, Value object, std::string* why) {
  if (!test.any && !test.each) return HoldsAt(test, object, object, why);
  const Value* list = (test.any ? *test.any : *test.each).Find(object);
  if (!list) return false;
  const auto holds = [&](Value item) { return HoldsAt(test, item, object, why); };
  if (test.any) return std::any_of(list->items().begin(), list->items().end(), holds);
  return !list->empty() && std::all_of(list->items().begin(), list->items().end(), holds);
}

std::optional<Health> HealthRules::Assess(Value object, const Gvk& gvk) const {
  const Entry* entry = Find(gvk);
  if (!entry) return std::nullopt;
  for (const Rule& rule : entry->rules) {
    std::string why;
    if (!std::all_of(rule.when.begin(), rule.when.end(), [&](const Test& test) { return Holds(test, object, why.empty() ? &why : nullptr); })) continue;
    if (!rule.message.empty()) why = Fill(rule.message, object);
    else if (rule.is == HealthStatus::kHealthy) why.clear();
    else if (why.empty()) why = fmt::format("is {}", HealthStatusName(rule.is));
    return Health{rule.is, std::move(why), rule.final};
  }
  for (std::string_view type : {"Ready", "Available", "Synced", "Succeeded"}) {
    const auto condition = health::FindCondition(object, type);
    if (!condition) continue;
    if (condition->stale) return health::Progressing("its controller has not seen the last change yet");
    const std::string text = condition->Text();
    return health::Progressing(fmt::format("{} is {}{}{}", type, condition->status, text.empty() ? "" : ": ", text));
  }
  return health::Progressing(object.Get("status").empty() ? "its controller has not reported on it yet" : "its status does not say yet that it is ready");
}

}  // namespace plumb
