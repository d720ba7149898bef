// No false drift and no missed drift, on manifests of real charts and overlays and a real API server, without any ignore
// rule: what was just applied does not differ, every owned leaf that is changed afterwards does, with the manager who changed it, and
// no other leaf. Applied as dry runs, so that nothing is left behind; the answer is the object that would be stored. Changes are made
// twice: each by the bookkeeping of diff/server_side_apply.h, and those that the server accepts in objects of a namespace by its own.
//
// PLUMB_DRIFT_SAMPLE=N takes every N-th file and every N-th custom kind (default 12; 1 for all).  PLUMB_DRIFT_STORED=N stores so many
// objects (20).  PLUMB_DRIFT_VERBOSE=1 says what the server refuses.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "core/edit.h"
#include "core/process.h"
#include "core/yaml.h"
#include "diff/managed_owners.h"
#include "diff/patched.h"
#include "diff/server_side_apply.h"
#include "tests/diff/pairs.h"
#include "tests/diff/server.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;


std::string Env(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

// The rendered manifests of the conformance archives, unpacked for the life of the test.
class Corpus {
 public:
  Corpus() : folder_(fs::temp_directory_path() / UniqueName("plumb-drift")) {
    fs::create_directories(folder_);
    for (const char* archive : {"helm/helm-dev.tar.xz", "kustomize/kust-dev.tar.xz"}) {
      const fs::path file = fs::path(Env("PLUMB_CONFORMANCE", "../shared/conformance")) / archive;
      if (!fs::exists(file)) continue;
      const auto unpacked = ProcessRunner::Real().Run({.argv = {"tar", "-xJf", fs::absolute(file).string(), "-C", folder_.string()}, .timeout = std::chrono::minutes(5)});
      EXPECT_TRUE(unpacked.ok()) << unpacked.error().message();
    }
    for (const auto& entry : fs::recursive_directory_iterator(folder_))
      if (entry.is_regular_file() && entry.path().parent_path().filename() == "golden") files_.push_back(entry.path());
    std::sort(files_.begin(), files_.end());
  }
  ~Corpus() { fs::remove_all(folder_); }

  const std::vector<fs::path>& files() const { return files_; }

 private:
  fs::path folder_;
  std::vector<fs::path> files_;
};

std::string Read(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Changes each scalar leaf of the live object in turn and asks for the difference.
class LeafByLeaf {
 public:
  // Makes of a changed object what the server would store; null where it would not.
  using Write = std::function<Document(const Document& changed)>;

  LeafByLeaf(const DiffInput& input, Write write) : input_(input), write_(std::move(write)), owners_(*input.live), mine_(owners_.FindApply("plumb")) {}

  void Run() {
    if (!mine_) return;  // a manifest of nothing but a name owns nothing
    for (const Member& m : input_.live->members())
      if (m.key != "apiVersion" && m.key != "kind" && m.key != "status" && m.key != "metadata")
        Walk(m.value, input_.type->Member(m.key), FieldPath({PathStep::Field(m.key)}));
    for (const char* map : {"labels", "annotations"})
      Walk(input_.live->Get("metadata").Get(map), Schema::Deduced(), FieldPath({PathStep::Field("metadata"), PathStep::Field(map)}));
  }
  size_t owned() const { return owned_; }
  size_t others() const { return others_; }
  size_t nameless() const { return nameless_; }  // changes that leave no name, of each leaf twice

 private:
  // Below an atomic field every list goes by index.
  void Walk(Value v, const Type* type, const FieldPath& path, bool atomic = false) {
    if (!type) return;
    atomic |= v.is_map() ? type->map_type == MapType::kAtomic : v.is_list() && type->list_type == ListType::kAtomic;
    if (v.is_map()) {
      for (const Member& m : v.members())
        if (std::find(keys_.begin(), keys_.end(), m.key) == keys_.end() || path[path.size() - 1].kind != PathStep::Kind::kKey)
          Walk(m.value, type->Member(m.key), path.Append(PathStep::Field(m.key)), atomic);
    } else if (v.is_list()) {
      if (!atomic && type->list_type == ListType::kSet) return;  // a changed item is another item
      for (size_t i = 0; i < v.size(); ++i) Walk(v[i], type->item, path.Append(atomic ? PathStep::Index(i) : StepTo(v[i], type, i)), atomic);
    } else if (!v.is_null()) {
      Leaf(v, path);
    }
  }

  PathStep StepTo(Value item, const Type* list, size_t index) {
    if (list->list_type != ListType::kMap) return PathStep::Index(index);
    std::vector<std::pair<std::string, PathScalar>> keys;
    for (std::string_view key : list->keys) {
      keys.emplace_back(std::string(key), PathScalar(item.Get(key)));
      keys_.insert(std::string(key));
    }
    return PathStep::Key(std::move(keys));
  }

  void Leaf(Value v, const FieldPath& path) {
    if (OutOfScope(path)) return;
    DiffInput changed = input_;
    changed.live = write_(BuildDocument([&](Arena& arena) {
      const Value other = v.is_string() ? arena.String(std::string(v.AsString()) + "x") : v.is_bool() ? Arena::Bool(!v.AsBool()) : Arena::Int(v.AsInt() + 7);
      return PutAt(arena, arena.Adopt(input_.live), path, other);
    }));
    if (changed.live->is_null() || *changed.live == *input_.live) return;
    const bool owned = OwnsPath(mine_->fields, path);
    (owned ? owned_ : others_)++;
    for (const bool remembers : {false, true}) {  // `plumb diff` has managedFields alone; the loop knows what was applied last
      if (remembers) changed.declared_before = input_.manifest.object;
      const ObjectDiff diff = DiffObject(changed);
      if (!owned) EXPECT_EQ(testing::Lines(diff.changes), "") << path.ToString() << " is not ours";
      else if (diff.exact() && !IsToldAs(diff, path, remembers, *changed.live))
        ADD_FAILURE() << path.ToString() << " of " << diff.id.ToString() << " was changed by 'meddler' and the answer is:\n" << testing::Lines(diff.changes);
    }
  }

  // One difference, there, and who made it. A field that is taken away, or set to the zero value that its Go type leaves out, leaves
  // nobody's name behind; what was applied last still tells that it is drift.
  bool IsToldAs(const ObjectDiff& diff, const FieldPath& path, bool remembers, Value live) {
    if (diff.changes.size() + diff.ignored.size() != 1) return false;
    const FieldChange& change = (diff.changes.empty() ? diff.ignored : diff.changes)[0];
    if (!change.path.StartsWith(path) || (remembers && change.cause != Cause::kDrift)) return false;
    ManagedOwners now(live);
    if (!now.FindOwner(path, now.FindApply("plumb"))) {
      ++nameless_;
      return change.writer.manager.empty() && IsZero(change.old_value);
    }
    return change.writer.manager == "meddler" && change.writer.operation == "Update" && (change.cause == Cause::kDrift || change.cause == Cause::kNotDeclaredBefore);
  }

  static bool IsZero(const std::optional<Value>& value) {
    return !value || value->is_null() || (value->is_bool() && !value->AsBool()) || (value->is_int() && value->AsInt() == 0);
  }

  // A zero value may be a statement or ask for a default, the status inside a claim's template is the server's, and `{}` says
  // nothing of what is in it: none of them is tested here.
  bool OutOfScope(const FieldPath& path) const {
    FieldPath above;
    for (const PathStep& step : path.steps()) {
      if (step.name == "status") return true;
      above.Push(step);
      const Value* node = above.Find(*input_.manifest.object);
      if (node && node->is_map() && node->empty()) return true;
    }
    const Value* said = path.Find(*input_.manifest.object);
    return said && (said->is_null() || (said->is_string() && said->AsString().empty()) || (said->is_int() && said->AsInt() == 0));
  }

  const DiffInput& input_;
  const Write write_;
  ManagedOwners owners_;
  const ManagedOwners::Entry* mine_;
  std::set<std::string> keys_;
  size_t owned_ = 0, others_ = 0, nameless_ = 0;
};

// As an Update of another manager would store it, by our own bookkeeping.
LeafByLeaf::Write Bookkeeping(const DiffInput& input) {
  return [&input](const Document& changed) {
    WriteContext context;
    context.schema = input.schema;
    context.manager = "meddler";
    context.now = "2100-01-01T00:00:00Z";
    return WithManagedFields(input.live, changed, context);
  };
}

// Objects that do harm to the server once they are stored are not.
bool CanBeStored(const kube::Resource& resource) { return resource.namespaced && resource.gvk.kind != "Pod" && resource.gvk.kind != "ResourceQuota" && resource.gvk.kind != "LimitRange"; }

// A server with a namespace for objects that are stored for a while.
class Stored {
 public:
  explicit Stored(kube::Client& client) : client_(client), ns_(UniqueName("drift")) {
    const kube::Answer made = client.Create(*kube::BuiltIn("Namespace"), "", *testing::Yaml("{apiVersion: v1, kind: Namespace, metadata: {name: " + ns_ + "}}"));
    EXPECT_TRUE(made.object.ok());
  }

  // Applies the object for real and changes each leaf by a dry run of an Update. The server adds times by the second.
  void Run(DiffInput input, const kube::Resource& resource) {
    const kube::ObjectRef ref{resource, ns_, std::string(GetAt(*input.manifest.object, {"metadata", "name"}).AsString()), ""};
    input.manifest.object = BuildDocument([&](Arena& arena) { return WithAt(arena, arena.Adopt(input.manifest.object), {"metadata", "namespace"}, arena.String(ns_)); });
    const kube::Answer stored = client_.Apply(ref, *input.manifest.object, {.force = true});
    if (!stored.object.ok()) return;
    input.live = *stored.object;
    LeafByLeaf leaves(input, [&](const Document& changed) {
      const kube::Answer answer = client_.Update(ref, *changed, {.field_manager = "meddler", .dry_run = true});
      return answer.object.ok() ? *answer.object : Document();
    });
    leaves.Run();
    owned += leaves.owned(), others += leaves.others(), nameless += leaves.nameless(), ++objects;
    (void)client_.Delete(ref);
  }

  size_t objects = 0, owned = 0, others = 0, nameless = 0;

 private:
  kube::Client& client_;
  const std::string ns_;
};

class Drift : public testing::ServerTest {
 protected:
  void SetUp() override {
    testing::ServerTest::SetUp();
    if (!IsSkipped() && corpus_.files().empty()) GTEST_SKIP() << "no rendered manifests: set PLUMB_CONFORMANCE to the conformance folder";
  }

  // f(document, file) for each object of every `step`-th file.
  void ForEach(size_t step, const std::function<void(const Document&, const fs::path&)>& f) const {
    for (size_t i = 0; i < corpus_.files().size(); i += step) {
      auto documents = ParseYaml(Read(corpus_.files()[i]));
      if (!documents.ok()) continue;
      for (const YamlDocument& document : *documents)
        if (!document.value->Get("metadata").GetString("name").empty()) f(document.value, corpus_.files()[i]);
    }
  }

  // Applies the object by a dry run and compares it with the answer; of every fifth each leaf is changed. nullopt: the server refuses it.
  std::optional<DiffInput> Compare(const Document& document, const kube::Resource& resource, const SchemaPtr& schema, const fs::path& file) {
    DiffInput input;
    input.manifest.object = BuildDocument([&](Arena& arena) {
      const Value root = arena.Adopt(document);
      return resource.namespaced ? WithAt(arena, root, {"metadata", "namespace"}, Arena::Borrow("default")) : root;
    });
    input.schema = schema;
    input.type = schema->Find(resource.gvk);
    const Document desired = DiffObject(input).desired;
    const std::string name(document->Get("metadata").GetString("name"));
    const kube::Answer answer = client().Apply({resource, "default", name, ""}, *desired, {.force = true, .dry_run = true});
    if (!answer.object.ok()) {
      ++refused_;
      if (std::getenv("PLUMB_DRIFT_VERBOSE")) std::printf("refused %s %s: %s\n", resource.gvk.kind.c_str(), name.c_str(), answer.object.error().message().substr(0, 200).c_str());
      return std::nullopt;
    }
    input.live = *answer.object;
    const ObjectDiff diff = DiffObject(input);
    ++compared_;
    kinds_.insert(resource.gvk.kind + "." + resource.gvk.group);
    EXPECT_EQ(testing::Lines(diff.changes), "") << resource.gvk.kind << " " << name << " of " << file;
    EXPECT_TRUE(diff.exact()) << diff.uncertain[0] << ": " << resource.gvk.kind << " " << name << " of " << file;
    EXPECT_TRUE(diff.ignored.empty()) << testing::Lines(diff.ignored);
    input.manifest.object = desired;
    if (compared_ % 5 == 1) {
      LeafByLeaf leaves(input, Bookkeeping(input));
      leaves.Run();
      owned_ += leaves.owned(), others_ += leaves.others(), nameless_ += leaves.nameless();
      ++walked_;
    }
    return input;
  }

  void Print() const {
    EXPECT_GT(compared_, 0u);
    std::printf("compared %zu objects of %zu kinds, %zu more were refused by the server; of %zu objects changed %zu leaves of ours (%zu leave no name) and %zu of others\n", compared_,
                kinds_.size(), refused_, walked_, owned_, nameless_ / 2, others_);
  }
  size_t compared() const { return compared_; }

  const size_t step_ = std::stoul(Env("PLUMB_DRIFT_SAMPLE", "12"));

 private:
  const Corpus corpus_;
  std::set<std::string> kinds_;
  size_t compared_ = 0, refused_ = 0, owned_ = 0, others_ = 0, nameless_ = 0, walked_ = 0;
};

TEST_F(Drift, NoneIsFalseAndNoneIsMissed) {
  Stored stored(client());
  const size_t to_store = std::stoul(Env("PLUMB_DRIFT_STORED", "20"));
  ForEach(step_, [&](const Document& document, const fs::path& file) {
    const Gvk gvk = GvkOf(*document);
    const auto resource = testing::ResourceOf(gvk);
    if (!resource || FindEmbeddedResource(gvk)->preview) return;
    const auto input = Compare(document, *resource, EmbeddedSchema(), file);
    if (input && CanBeStored(*resource) && stored.objects < to_store && compared() % 3 == 0) stored.Run(*input, *resource);
  });
  EXPECT_GE(stored.objects, std::min(to_store, compared() / 20));
  std::printf("of %zu stored objects the server itself changed %zu leaves of ours (%zu leave no name) and %zu of others\n", stored.objects, stored.owned, stored.nameless / 2,
              stored.others);
  Print();
}

// Custom resources whose definition is among the manifests, too: it is installed while they are looked at.
TEST_F(Drift, NoneIsFalseOfCustomResources) {
  std::map<std::pair<std::string, std::string>, Document> definitions;  // by group and kind
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<Document, fs::path>>> objects;
  ForEach(1, [&](const Document& document, const fs::path& file) {
    const Gvk gvk = GvkOf(*document);
    const Value spec = document->Get("spec");
    if (gvk.kind == "CustomResourceDefinition") definitions.try_emplace({std::string(spec.GetString("group")), std::string(spec.Get("names").GetString("kind"))}, document);
    else if (!testing::ResourceOf(gvk)) objects[{gvk.group, gvk.kind}].emplace_back(document, file);
  });
  size_t at = 0;
  for (const auto& [kind, documents] : objects) {
    const auto definition = definitions.find(kind);
    if (definition == definitions.end() || at++ % step_ != 0) continue;
    const Document& crd = definition->second;
    const kube::ObjectRef ref{*kube::BuiltIn("CustomResourceDefinition"), "", std::string(crd->Get("metadata").GetString("name")), ""};
    if (!client().Apply(ref, *crd, {.force = true}).object.ok()) continue;
    testing::WaitUntilServed(client(), ref);
    const auto schema = SchemaFromCrd(crd);
    ASSERT_TRUE(schema.ok()) << ref.name << ": " << schema.error().message();
    for (const auto& [document, file] : documents) {
      kube::Resource resource;
      resource.gvk = GvkOf(*document);
      resource.plural = GetAt(*crd, {"spec", "names", "plural"}).AsString();
      resource.namespaced = crd->Get("spec").GetString("scope") == "Namespaced";
      if ((*schema)->Find(resource.gvk)) (void)Compare(document, resource, *schema, file);  // else another version is served
    }
    (void)client().Delete(ref);
  }
  Print();
}

}  // namespace
}  // namespace plumb
