#include "engine/plan/hooks.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/suggest.h"
#include "engine/plan/references.h"

namespace plumb {
namespace {

constexpr std::string_view kArgo = "argocd.argoproj.io/hook", kArgoPolicy = "argocd.argoproj.io/hook-delete-policy";
constexpr std::string_view kHelm = "helm.sh/hook", kHelmPolicy = "helm.sh/hook-delete-policy", kHelmWeight = "helm.sh/hook-weight";
constexpr size_t kNameBytes = 63;  // of generated names: what a label's value takes, as Jobs put theirs on their pods

struct Word {
  std::string_view text;
  std::optional<SyncPhase> phase;  // none: known, and never run
  HookSpec::When when = HookSpec::When::kAlways;
};
using When = HookSpec::When;
constexpr Word kArgoWords[] = {
    {"PreSync", SyncPhase::kPreSync},     {"Sync", SyncPhase::kSync},           {"PostSync", SyncPhase::kPostSync},     {"SyncFail", SyncPhase::kSyncFail},
    {"PreDelete", SyncPhase::kPreDelete}, {"PostDelete", SyncPhase::kPostDelete}, {"Skip", std::nullopt}};
constexpr Word kHelmWords[] = {
    {"pre-install", SyncPhase::kPreSync, When::kInstall},   {"post-install", SyncPhase::kPostSync, When::kInstall},
    {"pre-upgrade", SyncPhase::kPreSync, When::kUpgrade},   {"post-upgrade", SyncPhase::kPostSync, When::kUpgrade},
    {"pre-delete", SyncPhase::kPreDelete},                  {"post-delete", SyncPhase::kPostDelete},
    {"pre-rollback", std::nullopt},                     {"post-rollback", std::nullopt},
    {"test", std::nullopt},                             {"test-success", std::nullopt},
    {"test-failure", std::nullopt},                     {"crd-install", std::nullopt}};

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    while (!word.empty() && (word.front() == ' ' || word.front() == '\n')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == ' ' || word.back() == '\n')) word.remove_suffix(1);
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

Error UnknownWord(std::string_view annotation, std::string_view word, std::vector<std::string> known) {
  std::string list;
  for (const std::string& k : known) list += (list.empty() ? "" : ", ") + k;
  return Invalid(fmt::format("annotation '{}': '{}' is none of {}{}", annotation, word, list, DidYouMean(word, known)));
}

Status ReadPhases(std::string_view annotation, std::string_view text, std::span<const Word> known, HookSpec& spec) {
  bool skip = false;
  for (std::string_view word : Words(text)) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const Word& w) { return w.text == word; });
    if (found == known.end()) {
      std::vector<std::string> names;
      for (const Word& w : known) names.emplace_back(w.text);
      return UnknownWord(annotation, word, std::move(names));
    }
    skip |= word == "Skip";
    if (!found->phase) continue;
    const auto same = std::find_if(spec.runs.begin(), spec.runs.end(), [&](const HookSpec::Run& run) { return run.phase == *found->phase; });
    if (same == spec.runs.end()) spec.runs.push_back({*found->phase, found->when});
    else if (same->when != found->when) same->when = When::kAlways;  // pre-install and pre-upgrade
  }
  if (skip) spec.runs.clear();
  return Ok();
}

Status ReadPolicies(std::string_view annotation, std::string_view text, std::span<const std::string_view> names, HookSpec& spec) {
  const std::vector<std::string_view> words = Words(text);
  if (words.empty()) return Ok();
  bool* const flags[] = {&spec.before_creation, &spec.on_success, &spec.on_failure};
  spec.before_creation = false;
  for (std::string_view word : words) {
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end()) return UnknownWord(annotation, word, {names.begin(), names.end()});
    *flags[found - names.begin()] = true;
  }
  return Ok();
}

Result<int> ReadWeight(Value object) {
  const std::string_view text = AnnotationOf(object, kHelmWeight);
  int weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (!text.empty() && (error != std::errc() || end != text.data() + text.size()))
    return Invalid(fmt::format("annotation '{}': '{}' is not an integer", kHelmWeight, text));
  return weight;
}

std::string RunText(const std::string& application, const SyncRecord& record, SyncPhase phase) {
  return fmt::format("{}@{}/{}", application, record.Token(), PhaseName(phase));
}

// Kinds that only lie there have no end that could be missed.
bool RunsToAnEnd(const ObjectId& id) {
  return id.group == "rbac.authorization.k8s.io" ? false : !id.group.empty() || id.kind == "Pod";
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

Document InstanceOf(Value manifest, const Manifest& source, const std::string& name, const std::string& run, bool finalizer) {
  return BuildDocument([&](Arena& a) {
    a.Adopt(source.object);
    Value object = WithoutAt(a, manifest, {"metadata", "generateName"});
    object = WithAt(a, object, {"metadata", "name"}, a.String(name));
    object = WithAt(a, object, {"metadata", "annotations", kHookRunAnnotation}, a.String(run));
    if (!finalizer) return object;
    std::vector<Value> finalizers;
    for (Value f : GetAt(object, {"metadata", "finalizers"}).items()) finalizers.push_back(f);
    finalizers.push_back(Arena::Borrow(kHookFinalizer));
    return WithAt(a, object, {"metadata", "finalizers"}, a.List(finalizers));
  });
}

}  // namespace

bool IsHook(Value object) {
  if (!AnnotationOf(object, kArgo).empty()) return true;
  const std::vector<std::string_view> words = Words(AnnotationOf(object, kHelm));
  return !words.empty() && !std::all_of(words.begin(), words.end(), [](std::string_view word) { return word == "crd-install"; });
}

Result<HookSpec> HookSpecOf(Value object) {
  HookSpec spec;
  constexpr std::string_view kArgoPolicies[] = {"BeforeHookCreation", "HookSucceeded", "HookFailed"};
  constexpr std::string_view kHelmPolicies[] = {"before-hook-creation", "hook-succeeded", "hook-failed"};
  const bool argo = !AnnotationOf(object, kArgo).empty();
  if (argo) PLUMB_OK(ReadPhases(kArgo, AnnotationOf(object, kArgo), kArgoWords, spec));
  else PLUMB_OK(ReadPhases(kHelm, AnnotationOf(object, kHelm), kHelmWords, spec));
  // Argo CD reads Helm's policy and weight of its own hooks too, where they have none of Argo's.
  PLUMB_OK(ReadPolicies(kHelmPolicy, AnnotationOf(object, kHelmPolicy), kHelmPolicies, spec));
  PLUMB_OK(ReadPolicies(kArgoPolicy, AnnotationOf(object, kArgoPolicy), kArgoPolicies, spec));
  PLUMB_TRY(weight, ReadWeight(object));
  PLUMB_TRY(wave, SyncWaveOf(object));
  spec.wave = AnnotationOf(object, "argocd.argoproj.io/sync-wave").empty() ? weight : wave;
  return spec;
}

Result<std::vector<HookInstance>> ExpandHooks(std::span<const Manifest> hooks, const SyncRecord& record, const std::string& application) {
  std::vector<HookInstance> instances;
  for (size_t i = 0; i < hooks.size(); ++i) {
    const Value root = hooks[i].root();
    const Value metadata = root.Get("metadata");
    auto spec = HookSpecOf(root);
    if (!spec.ok()) return spec.error().Wrap(fmt::format("{}: {}", hooks[i].origin.ToString(), IdOf(root).ToString()));
    for (const HookSpec::Run& run : spec->runs) {
      HookInstance instance;
      instance.hook = i;
      instance.phase = run.phase;
      instance.when = run.when;
      instance.spec = *spec;
      instance.id = IdOf(root);
      if (instance.id.name.empty()) {
        const std::string tail = fmt::format("{}-{}", record.Token(), Lower(PhaseName(run.phase)));
        instance.id.name = std::string(metadata.GetString("generateName").substr(0, kNameBytes - tail.size())) + tail;
      }
      instance.object = InstanceOf(root, hooks[i], instance.id.name, RunText(application, record, run.phase), RunsToAnEnd(instance.id));
      instances.push_back(std::move(instance));
    }
  }
  return instances;
}

std::optional<SyncPhase> RunOf(Value live, const SyncRecord& record, const std::string& application) {
  const std::string_view text = AnnotationOf(live, kHookRunAnnotation);
  for (SyncPhase phase : {SyncPhase::kPreSync, SyncPhase::kSync, SyncPhase::kPostSync, SyncPhase::kSyncFail, SyncPhase::kPreDelete, SyncPhase::kPostDelete})
    if (text == RunText(application, record, phase)) return phase;
  return std::nullopt;
}

bool LooksLikeHook(Value live) { return !AnnotationOf(live, kHookRunAnnotation).empty() || IsHook(live); }

bool HasHookFinalizer(Value live) {
  const auto finalizers = GetAt(live, {"metadata", "finalizers"}).items();
  return std::any_of(finalizers.begin(), finalizers.end(), [](Value f) { return f.AsString() == kHookFinalizer; });
}

std::string ContentOf(std::span<const Manifest> manifests, std::span<const Manifest> hooks) {
  std::vector<std::string> parts;
  for (const auto list : {manifests, hooks})
    for (const Manifest& manifest : list) parts.push_back(Sha256Hex(WriteCanonicalJson(manifest.root())));
  std::sort(parts.begin(), parts.end());
  std::string all = "plumb sync 1\n";
  for (const std::string& part : parts) all += part + "\n";
  return Sha256Hex(all);
}

}  // namespace plumb
