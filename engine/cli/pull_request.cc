#include "engine/cli/pull_request.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "core/json.h"
#include "core/log.h"
#include "core/suggest.h"
#include "diff/embedded_schema.h"
#include "diff/present.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/report.h"
#include "engine/cli/revisions.h"
#include "engine/cli/snapshot.h"
#include "engine/cli/source.h"
#include "engine/cli/terminal.h"
#include "engine/cli/tree_applications.h"
#include "engine/review/review.h"
#include "sources/git_source.h"

namespace plumb::cli {

namespace fs = std::filesystem;

namespace {

// What the change is compared with, besides itself.
struct Against {
  std::string name;  // "cluster", "snapshot of ..."; "" nothing
  Cluster cluster;
  std::shared_ptr<const Snapshot> snapshot;
  ScopeLookup scope;  // empty: the built-in kinds
  SchemaLookup schema;
  std::string ns = "default";
};

Result<Against> OpenAgainst(const Flags& flags) {
  Against out;
  const std::string file = flags.Get("snapshot");
  if (!file.empty() && flags.On("offline")) return Invalid("give one of --snapshot and --offline");
  if (!file.empty()) {
    PLUMB_TRY(document, ReadSnapshotFile(file));
    const char* key = std::getenv("PLUMB_SNAPSHOT_KEY");
    PLUMB_TRY(snapshot, Snapshot::Read(document, key ? key : ""), fmt::format("snapshot '{}'", file));
    out.snapshot = snapshot;
    out.name = "snapshot of " + snapshot->time();
    out.scope = snapshot->Scopes();
    out.schema = snapshot->Schemas();
    return out;
  }
  out.schema = [](const Gvk& gvk) { return std::pair<SchemaPtr, const Type*>(EmbeddedSchema(), EmbeddedSchema()->Find(gvk)); };
  if (flags.On("offline")) return out;
  auto cluster = Connect(flags);
  if (!cluster.ok()) return std::move(cluster).error().Wrap("no cluster to compare with (--offline compares base and head alone, --snapshot FILE with a file)");
  out.cluster = std::move(*cluster);
  PLUMB_OK(out.cluster.discovery->Refresh(), "the cluster cannot be asked (--offline compares base and head alone, --snapshot FILE with a file)");
  out.name = "cluster";
  out.scope = ScopesOf(*out.cluster.discovery);
  out.schema = SchemasOf(*out.cluster.schemas);
  out.ns = out.cluster.ns;
  return out;
}

// The applications of one end of the change, rendered from its tree.
class Renderer {
 public:
  Renderer(const Flags& flags, const ChangeTrees& change, const Against& against) : flags_(flags), change_(change), against_(against) {}

  Result<std::vector<Application>> Applications(const Tree& tree) const {
    if (!flags_.positional().empty()) return std::vector<Application>{OfPath()};
    std::string config = flags_.Get("config");
    if (!config.empty()) {
      PLUMB_TRY(inside, InsideCheckout(config, "--config"));
      config = inside;
      if (auto there = tree.Stat(config); !config.empty() && !there.ok() && there.error().code() == Code::kNotFound) return std::vector<Application>{};
    }
    return ApplicationsOfTree(tree, config);
  }

  // Where the path lies in the checkout: relative to its root, or to where the command stands.
  Result<std::string> InsideCheckout(const std::string& path, std::string_view flag) const {
    std::error_code error;
    const fs::path here = fs::weakly_canonical(fs::absolute(path), error);
    const fs::path relative = here.lexically_relative(change_.root);
    if (relative.empty() || *relative.begin() == "..") return Invalid(fmt::format("{} '{}' lies outside of the repository '{}'", flag, path, change_.root));
    return relative == "." ? std::string() : relative.string();
  }

  ReviewSide Render(const Application& application, const RevisionTree& side) {
    ReviewSide out;
    std::vector<Manifest> manifests;
    for (const ApplicationSource& source : application.sources) {
      auto rendered = RenderOne(application, source, side);
      if (!rendered.ok()) {
        out.failure = rendered.error().message();
        return out;
      }
      for (Manifest& manifest : rendered->manifests) manifests.push_back(against_.snapshot ? against_.snapshot->Hashed(manifest) : std::move(manifest));
      for (const std::string& warning : rendered->warnings) warnings_.insert(warning);
    }
    out.desired = CompleteDesired(application, std::move(manifests), Scopes());
    for (const std::string& warning : out.desired.warnings) warnings_.insert(warning);
    return out;
  }

  // CRDs of any application of the change count for all of them.
  void Learn(const std::vector<Manifest>& manifests) {
    for (const Manifest& manifest : manifests) {
      const Value spec = manifest.root().Get("spec");
      if (manifest.root().GetString("kind") != "CustomResourceDefinition") continue;
      for (Value version : spec.Get("versions").items())
        learnt_[{std::string(spec.GetString("group")), std::string(version.GetString("name")), std::string(spec.Get("names").GetString("kind"))}] =
            spec.GetString("scope") == "Cluster" ? Scope::kCluster : Scope::kNamespaced;
    }
  }

  // Whether a source is of the repository under review.
  bool IsOwn(const ApplicationSource& source) const {
    if (source.git.url.empty()) return true;
    if (source.git.url.starts_with('.')) return true;
    return std::any_of(change_.remotes.begin(), change_.remotes.end(), [&](const std::string& remote) { return SameRepository(remote, source.git.url); });
  }

  const std::set<std::string>& warnings() const { return warnings_; }

 private:
  ScopeLookup Scopes() const {
    ScopeLookup known = against_.scope;
    return [this, known](const Gvk& gvk) -> std::optional<Scope> {
      if (known)
        if (const auto scope = known(gvk)) return scope;
      if (const auto own = learnt_.find(gvk); own != learnt_.end()) return own->second;
      if (known) return std::nullopt;
      const EmbeddedResource* resource = FindEmbeddedResource(gvk);
      if (!resource) return std::nullopt;
      return resource->namespaced ? Scope::kNamespaced : Scope::kCluster;
    };
  }

  Application OfPath() const {
    Application application;
    LoadedSource loaded;
    loaded.source.directory = change_.root;
    if (const auto inside = InsideCheckout(flags_.positional()[0], "the path"); inside.ok()) loaded.source.path = *inside;
    loaded.source.renderer = flags_.Get("renderer");
    application.name = ApplicationName(flags_, loaded);
    application.ns = flags_.Get("inventory-namespace");
    application.target_namespace = flags_.Get("namespace").empty() ? against_.ns : flags_.Get("namespace");
    application.sync.prune = flags_.On("prune");
    application.sources = {loaded.source};
    return application;
  }

  Result<Rendered> RenderOne(const Application& application, const ApplicationSource& source, const RevisionTree& side) {
    if (IsOwn(source)) {
      ApplicationSource own = source;
      if (!source.directory.empty() && !source.directory.starts_with('/')) {  // relative to the file that says so
        const std::string folder = fs::path(application.origin.file).parent_path().string();
        PLUMB_TRY(directory, JoinPath(folder, source.directory), "source");
        PLUMB_TRY(path, JoinPath(directory, source.path), "source");
        own.path = path;
      } else if (!source.directory.empty() && flags_.positional().empty()) {
        PLUMB_TRY(inside, InsideCheckout(source.directory, "directory"));
        PLUMB_TRY(path, JoinPath(inside, source.path), "source");
        own.path = path;
      }
      return RenderTree(side.tree, own);
    }
    // Another repository: the same at both ends, at the revision that the application follows.
    auto& tree = others_[source.git.url + "\n" + source.git.revision];
    if (!tree) {
      GitOptions options;
      options.cache_directory = CacheDirectory(flags_);
      PLUMB_TRY(git, GitSource::Make(source.git, options), "source of another repository");
      PLUMB_TRY(resolved, git->Resolve(Interrupted()), "source of another repository");
      tree = resolved.tree;
    }
    return RenderTree(tree, source);
  }

  // What a change brings is a stranger's until it is merged: remote bases and functions only where the flags say so.
  Result<Rendered> RenderTree(std::shared_ptr<const Tree> tree, const ApplicationSource& source) const {
    LoadedSource loaded;
    loaded.tree = std::move(tree);
    loaded.source = source;
    GitOptions git;
    git.cache_directory = CacheDirectory(flags_);
    loaded.remote = RemoteBaseOptionsOf(flags_, source, git);
    loaded.functions = flags_.On("allow-functions");
    loaded.yaml = &yaml_;
    return RenderLoaded(loaded);
  }

  const Flags& flags_;
  const ChangeTrees& change_;
  const Against& against_;
  std::map<Gvk, Scope> learnt_;
  mutable YamlCache yaml_;  // most files are the same at both ends
  std::map<std::string, std::shared_ptr<const Tree>> others_;
  std::set<std::string> warnings_;
};

// Everything that the review asks of the cluster, read at once. Empty where there is none.
Result<LiveLookup> ReadLive(const ReviewInput& input, const Against& against, const std::vector<Inventory>& inventories) {
  if (against.snapshot) return against.snapshot->Live();
  if (against.name.empty()) return LiveLookup();
  std::vector<WantedObject> wanted;
  std::set<ObjectId> seen;
  const auto want = [&](const WantedObject& object) {
    if (seen.insert(object.id).second) wanted.push_back(object);
  };
  const Inventory none;
  for (size_t i = 0; i < input.applications.size(); ++i)
    for (const auto* side : {&input.applications[i].head, &input.applications[i].base})
      if (*side)
        for (const WantedObject& object : ObjectsToRead((*side)->desired, inventories[i])) {
          want(object);
          if (!object.id.ns.empty()) want({{"", "Namespace", "", object.id.ns}, {"", "v1", "Namespace"}});
        }
  auto view = std::make_shared<DirectView>(DirectView::Load(*against.cluster.client, *against.cluster.discovery, wanted));
  return LiveLookup([view](const WantedObject& object) { return view->Get(object); });
}

Result<Inventory> InventoryOf(const Application& application, const Against& against) {
  const ObjectId record = Inventory(application.name, application.ns).record();
  Document found;
  if (against.snapshot) {
    found = against.snapshot->Live()({record, {"", "v1", "ConfigMap"}}).object;
  } else if (!against.name.empty()) {
    const kube::Answer answer = against.cluster.client->Get({*kube::BuiltIn("ConfigMap"), record.ns, record.name, ""});
    if (answer.object.ok()) found = *answer.object;
    else if (answer.object.error().code() != Code::kNotFound) return answer.object.error().Wrap("inventory");
  }
  return ReadInventory(application, found.root());
}

std::vector<std::string> RevisionNotes(const Application& application, const ChangeTrees& change, const Renderer& renderer) {
  std::vector<std::string> notes;
  for (const ApplicationSource& source : application.sources) {
    if (source.git.url.empty() || !renderer.IsOwn(source)) continue;
    const std::string& revision = source.git.revision;
    if (!revision.empty() && revision != change.base_branch && revision != "refs/heads/" + change.base_branch)
      notes.push_back(fmt::format("follows '{}', not '{}': it gets this change when it is there", revision, change.base_branch));
  }
  return notes;
}

Result<ReviewInput> Gather(const Flags& flags, const ChangeTrees& change, const Against& against, Renderer& renderer) {
  ReviewInput input;
  input.base = change.base.name;
  input.head = change.head.name;
  input.against = against.name;
  input.schema = against.schema;
  auto head = renderer.Applications(*change.head.tree);
  if (!head.ok()) return std::move(head).error().Wrap("head");
  auto base = renderer.Applications(*change.base.tree);
  std::vector<Application> before;
  if (base.ok()) before = std::move(*base);
  else log::Warning(fmt::format("base: {}; its applications count as new", base.error().message()));
  if (head->empty() && before.empty())
    return Invalid(flags.Get("config").empty() ? "no Application in the repository: name the PATH of manifests, or write one ('plumb explain application')"
                                               : fmt::format("--config '{}': no Application in it, neither at the base nor at the head", flags.Get("config")));
  std::map<std::string, std::pair<const Application*, const Application*>> all;  // by name: base, head
  for (const Application& application : before) all[application.key()].first = &application;
  for (const Application& application : *head) all[application.key()].second = &application;
  PLUMB_TRY(of_repository, IgnoreRules::OfTree(*change.head.tree));
  // Twice: what CRDs the change brings is known only when everything was rendered once.
  for (const bool learn : {true, false})
    for (const auto& [name, ends] : all) {
      const auto& [old, now] = ends;
      ReviewApplication one;
      one.application = now ? *now : *old;
      if (old) one.base = renderer.Render(*old, change.base);
      if (now) one.head = renderer.Render(*now, change.head);
      if (old && !flags.positional().empty() && !one.base->failure.empty() && one.head && one.head->failure.empty() &&
          change.base.tree->Stat(old->sources[0].path).ok() == false)
        one.base->failure.clear();  // the path is new: nothing was there
      if (now && !flags.positional().empty() && !one.head->failure.empty() && one.base && one.base->failure.empty() && !change.head.tree->Stat(now->sources[0].path).ok())
        one.head.reset();
      if (learn) {
        for (const auto* side : {&one.base, &one.head})
          if (*side) renderer.Learn((*side)->desired.manifests);
        continue;
      }
      PLUMB_TRY(rules, IgnoreRules::Parse(one.application.ignore.root(), "spec.ignore"), fmt::format("application '{}'", name));
      one.rules = std::move(rules);
      one.rules.Add(of_repository);
      one.notes = RevisionNotes(one.application, change, renderer);
      const auto sleeps = [](const Application& application) { return application.suspend || !application.sync.automatic; };
      if (old && now && sleeps(*old) && !sleeps(*now)) one.notes.push_back("is no longer suspended: everything that piled up is applied with it");
      PLUMB_TRY(inventory, InventoryOf(one.application, against), fmt::format("application '{}'", name));
      one.inventory = std::move(inventory);
      input.applications.push_back(std::move(one));
    }
  return input;
}

}  // namespace

std::vector<Flag> PullRequestFlags() {
  return {{"base", 0, "REF", "compare the merge base with this revision and --head (a pull request): what the change does", "", false, {}},
          {"head", 0, "REF", "with --base: the changed revision (default: the files as they are)", "", false, {}},
          {"config", 0, "PATH", "with --base: the Applications of this file or directory (default: all in the repository)", "", false, {}},
          {"snapshot", 0, "FILE", "with --base: compare with a file of 'plumb snapshot' instead of a cluster", "", false, {}},
          {"offline", 0, "", "with --base: compare base and head alone, without any cluster", "", false, {}},
          {"limit", 0, "BYTES", "with --output markdown: no longer than this", "65536", false, {}},
          {"marker", 0, "TEXT", "with --output markdown: an invisible first line with this text", "", false, {}}};
}

Result<int> RunPullRequest(const Flags& flags) {
  if (flags.Get("base").empty()) return Invalid("--base is empty: name the revision to compare with, 'origin/main' for example");
  if (!flags.Get("repo").empty()) return Invalid("--base works in a clone: run it there, and leave --repo out");
  if (flags.Has("option")) return Invalid("--option does not go with --base: write an Application, which has a place for the renderer's options");
  if (flags.positional().size() > 1) return Invalid(fmt::format("one path at a time; '{}' is too much", flags.positional()[1]));
  if (!flags.positional().empty() && !flags.Get("config").empty()) return Invalid("give a PATH or --config, not both");
  PLUMB_TRY(limit, flags.Number("limit", 1000, 100'000'000));
  PLUMB_TRY(checking, ServerCheckOptionsOf(flags));

  // A path that the head has no longer is no reason to stop: the checkout is looked for from where it would be.
  fs::path place = flags.positional().empty() ? flags.Get("config").empty() ? "." : flags.Get("config") : flags.positional()[0];
  std::error_code error;
  while (!fs::exists(place, error) && place.has_parent_path() && place != place.parent_path()) place = place.parent_path();
  if (!fs::exists(place, error)) place = ".";
  PLUMB_TRY(root, FindCheckout(place));
  PLUMB_TRY(change, OpenChange(root, flags.Get("base"), flags.Get("head"), Interrupted()));
  PLUMB_TRY(against, OpenAgainst(flags));
  Renderer renderer(flags, change, against);
  if (!flags.positional().empty()) {
    PLUMB_TRY(path, renderer.InsideCheckout(flags.positional()[0], "the path"));
    if (!change.base.tree->Stat(path).ok() && !change.head.tree->Stat(path).ok()) return NotFound(fmt::format("'{}' is neither in {} nor in {}", path, change.base.name, change.head.name));
  }
  PLUMB_TRY(input, Gather(flags, change, against, renderer));
  for (const std::string& warning : renderer.warnings()) log::Warning(warning);
  std::vector<Inventory> inventories;
  for (const ReviewApplication& application : input.applications) inventories.push_back(application.inventory);
  PLUMB_TRY(live, ReadLive(input, against, inventories));
  input.live = std::move(live);
  const Masker masker;
  input.masker = &masker;
  std::optional<kube::ServerCheck> check;
  if (checking && against.cluster.client) {
    check.emplace(*against.cluster.client, *checking);
    input.check = ChecksOf(*check, ResourcesOf(*against.cluster.discovery), input.schema);
  }

  const Review review = MakeReview(input);
  const std::string format = flags.Get("output");
  if (format == "json") fmt::print("{}\n", WriteJson(*ReviewToJson(review), JsonStyle::kIndent4));
  else if (format == "jsonpatch") fmt::print("{}\n", WriteJson(*PresentJsonPatch(ChangesOf(review)), JsonStyle::kIndent4));
  else if (format == "unified") fmt::print("{}", PresentUnified(ChangesOf(review)));
  else if (format == "markdown") fmt::print("{}", WriteMarkdown(ReportOf(review), {.limit = limit, .marker = flags.Get("marker")}));
  else if (format == "html") fmt::print("{}", WriteHtml(ReportOf(review)));
  else fmt::print("{}", WriteText(ReportOf(review), {.colour = PaletteFor(stdout).on()}));
  if (review.failed) {
    log::Error("the head cannot be rendered; the report says why");
    return kExitUsage;
  }
  return review.differs() ? kExitDifferences : kExitOk;
}

}  // namespace plumb::cli
