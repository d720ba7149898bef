// No false drift and no missed drift, on manifests of real charts and overlays and a real API server, without any ignore
// rule: what was just applied does not differ, every owned leaf that is changed afterwards does, and no other leaf.
// Applied as dry runs, so that nothing is left behind; the answer is the object that would be stored.
//
// PLUMB_DRIFT_SAMPLE=N takes every N-th file (default 12; 1 for all).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/edit.h"
#include "core/process.h"
#include "core/yaml.h"
#include "diff/embedded_schema.h"
#include "diff/managed_owners.h"
#include "diff/patched.h"
#include "engine/kube/client.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/kubeconfig.h"
#include "tests/diff/pairs.h"
#include "tests/engine/kube/control_plane.h"

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

std::optional<kube::Resource> ResourceOf(const Gvk& gvk) {
  const EmbeddedResource* known = FindEmbeddedResource(gvk);
  if (!known || known->preview) return std::nullopt;
  kube::Resource resource;
  resource.gvk = gvk;
  resource.plural = known->plural;
  resource.namespaced = known->namespaced;
  return resource;
}

// Changes each scalar leaf of the live object in turn and asks for the difference.
class LeafByLeaf {
 public:
  explicit LeafByLeaf(const DiffInput& input) : input_(input), owners_(*input.live), mine_(owners_.FindApply("plumb")) {}

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
    changed.live = BuildDocument([&](Arena& arena) {
      const Value other = v.is_string() ? arena.String(std::string(v.AsString()) + "x") : v.is_bool() ? Arena::Bool(!v.AsBool()) : Arena::Int(v.AsInt() + 7);
      return PutAt(arena, arena.Adopt(input_.live), path, other);
    });
    const ObjectDiff diff = DiffObject(changed);
    const bool owned = OwnsPath(mine_->fields, path);
    (owned ? owned_ : others_)++;
    if (!owned) EXPECT_EQ(testing::Lines(diff.changes), "") << path.ToString() << " is not ours";
    else if (diff.exact() && (diff.changes.size() + diff.ignored.size() != 1 || !(diff.changes.empty() ? diff.ignored : diff.changes)[0].path.StartsWith(path)))
      ADD_FAILURE() << path.ToString() << " of " << diff.id.ToString() << " changed and the answer is:\n" << testing::Lines(diff.changes);
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
  ManagedOwners owners_;
  const ManagedOwners::Entry* mine_;
  std::set<std::string> keys_;
  size_t owned_ = 0, others_ = 0;
};

TEST(Drift, NoneIsFalseAndNoneIsMissed) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  const Corpus corpus;
  if (corpus.files().empty()) GTEST_SKIP() << "no rendered manifests: set PLUMB_CONFORMANCE to the conformance folder";
  auto connection = kube::LoadConnection({.kubeconfig = cluster->kubeconfig()}, {});
  ASSERT_TRUE(connection.ok()) << connection.error().message();
  auto transport = kube::CurlTransport::Create(*std::move(connection), {});
  ASSERT_TRUE(transport.ok());
  kube::Client client(*std::move(transport));

  const size_t step = std::stoul(Env("PLUMB_DRIFT_SAMPLE", "12"));
  size_t compared = 0, refused = 0, inexact = 0, owned = 0, others = 0;
  std::map<std::string, size_t> kinds;
  for (size_t i = 0; i < corpus.files().size(); i += step) {
    auto documents = ParseYaml(Read(corpus.files()[i]));
    if (!documents.ok()) continue;
    for (const YamlDocument& document : *documents) {
      const Gvk gvk = GvkOf(document.value.root());
      const auto resource = ResourceOf(gvk);
      const std::string name(document.value->Get("metadata").GetString("name"));
      if (!resource || name.empty()) continue;
      const Document manifest = BuildDocument([&](Arena& arena) {
        const Value root = arena.Adopt(document.value);
        return resource->namespaced ? WithAt(arena, root, {"metadata", "namespace"}, Arena::Borrow("default")) : root;
      });
      DiffInput input;
      input.manifest.object = manifest;
      input.schema = EmbeddedSchema();
      input.type = input.schema->Find(gvk);
      const Document desired = DiffObject(input).desired;
      const kube::Answer answer = client.Apply({*resource, "default", name, ""}, *desired, {.force = true, .dry_run = true});
      if (!answer.object.ok()) {
        ++refused;
        continue;
      }
      input.live = *answer.object;
      const ObjectDiff diff = DiffObject(input);
      ++compared;
      ++kinds[gvk.kind];
      inexact += !diff.exact();
      EXPECT_EQ(testing::Lines(diff.changes), "") << gvk.kind << " " << name << " of " << corpus.files()[i];
      EXPECT_TRUE(diff.exact()) << diff.uncertain[0] << ": " << gvk.kind << " " << name << " of " << corpus.files()[i];
      EXPECT_TRUE(diff.ignored.empty()) << testing::Lines(diff.ignored);
      if (compared % 8 != 1) continue;
      input.manifest.object = desired;
      LeafByLeaf leaves(input);
      leaves.Run();
      owned += leaves.owned();
      others += leaves.others();
    }
  }
  EXPECT_GT(compared, 0u);
  std::printf("compared %zu objects of %zu kinds; %zu inexact, %zu refused by the server; changed %zu leaves of ours and %zu of others\n", compared,
              kinds.size(), inexact, refused, owned, others);
}

}  // namespace
}  // namespace plumb
