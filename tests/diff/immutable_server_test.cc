// The table of immutable fields against a real API server, in both directions: each object of immutable_objects.yaml is made, and each
// change to it is asked about by a dry run. What the server refuses must be marked "must be replaced", and nothing else.
//
// A change must be valid in itself: the object made anew with it is accepted. Then a refusal of the change means that the field cannot
// be changed in place, whatever words the server finds for it; and so does an answer without the change.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "core/edit.h"
#include "core/json.h"
#include "core/yaml.h"
#include "diff/merge_patch.h"
#include "diff/object_diff.h"
#include "engine/kube/server_check.h"
#include "tests/diff/pairs.h"
#include "tests/diff/server.h"

namespace plumb {
namespace {

using testing::ResourceOf;

// A label keeps the object ours where a patch takes away all else.
Document Named(Value object, const std::string& name) {
  return BuildDocument([&](Arena& a) { return WithAt(a, WithAt(a, a.Copy(object), {"metadata", "name"}, a.String(name)), {"metadata", "labels", "immutable-test"}, Arena::Borrow("x")); });
}

class ImmutableFields : public testing::ServerTest {
 protected:
  void Check(Value entry) {
    Arena arena;
    const Value object = Without(arena, entry.Get("object"), "name");
    const Gvk gvk = GvkOf(object);
    const auto resource = ResourceOf(gvk);
    ASSERT_TRUE(resource) << gvk.kind << " of " << gvk.ApiVersion() << " is not in the embedded schema";
    const std::string_view fixed = entry.Get("object").GetString("name");
    const std::string name = fixed.empty() ? UniqueName("immutable") : std::string(fixed), ns = resource->namespaced ? ns_ : "";
    const kube::ObjectRef ref{*resource, ns, name, ""};
    const kube::Answer made = client().Apply(ref, *Named(object, name));
    ASSERT_TRUE(made.object.ok()) << gvk.kind << ": " << made.object.error().message();
    kinds_.insert(gvk.kind);
    if (gvk.kind == "CustomResourceDefinition") testing::WaitUntilServed(client(), ref);
    for (Value patch : entry.Get("patches").items()) {
      const kube::Answer live = client().Get(ref);
      ASSERT_TRUE(live.object.ok()) << live.object.error().message();
      Change(ref, object, *live.object, patch);
    }
    (void)client().Delete(ref, {});
  }

  void Change(const kube::ObjectRef& ref, Value object, const Document& live, Value patch) {
    const std::string what = ref.resource.gvk.kind + " " + WriteJson(patch);
    const Document changed = BuildDocument([&](Arena& a) { return ApplyMergePatch(a, a.Copy(object), a.Copy(patch)); });
    if (ref.name.starts_with("immutable-")) {  // those with a name of their own cannot be made twice
      const kube::Answer valid = client().Create(ref.resource, ref.ns, *Named(changed.root(), UniqueName("immutable")), {.dry_run = true});
      ASSERT_TRUE(valid.object.ok()) << what << " is not valid in itself: " << valid.object.error().message();
    }
    DiffInput input;
    input.manifest.object = Named(changed.root(), ref.name);
    const kube::Answer answer = client().Apply(ref, *input.manifest.object, {.force = true, .dry_run = true});
    const bool refused = !answer.object.ok();
    if (refused) {
      ASSERT_TRUE(answer.object.error().code() == Code::kInvalid || answer.object.error().code() == Code::kDenied) << what << ": " << answer.object.error().message();
    }
    input.live = live;
    input.schema = EmbeddedSchema();
    input.type = input.schema->Find(ref.resource.gvk);
    const ObjectDiff diff = DiffObject(input);
    DiffInput after = input;
    if (!refused) after.live = *answer.object;
    const bool dropped = !refused && !DiffObject(after).changes.empty();
    ++changes_;
    refusals_ += refused;
    EXPECT_EQ(diff.must_replace(), refused || dropped) << what << "\n" << (refused ? answer.object.error().message() : "is accepted") << "\n" << testing::Lines(diff.changes);
  }

  const std::string ns_ = UniqueName("immutable");
  std::set<std::string> kinds_;
  size_t changes_ = 0, refusals_ = 0;
};

TEST_F(ImmutableFields, AreThoseThatTheServerRefuses) {
  MakeNamespace(ns_);
  std::ifstream in("tests/diff/immutable_objects.yaml");
  auto file = ParseYamlOne(std::string(std::istreambuf_iterator<char>(in), {}));
  ASSERT_TRUE(file.ok()) << file.error().message();
  for (Value entry : file->root().items()) Check(entry);
  std::printf("%zu changes of %zu kinds, %zu of them refused by the server\n", changes_, kinds_.size(), refusals_);
  EXPECT_GE(kinds_.size(), 30u);
}

// Of an immutable template the server quotes all that it got, with the environment of its containers.
class Refusals : public testing::ServerTest {};

TEST_F(Refusals, QuoteNoSecret) {
  const kube::ObjectRef ref{*ResourceOf({"batch", "v1", "Job"}), "default", UniqueName("quoted"), ""};
  const auto job = [&](const std::string& password) {
    return testing::Yaml("{apiVersion: batch/v1, kind: Job, metadata: {name: " + ref.name + ", namespace: default}, spec: {suspend: true, template: {spec: {restartPolicy: Never, "
                         "containers: [{name: c, image: i, env: [{name: DB_PASSWORD, value: " + password + "}]}]}}}}");
  };
  const kube::Answer made = client().Apply(ref, *job("hunter2"));
  ASSERT_TRUE(made.object.ok()) << made.object.error().message();
  const kube::Answer raw = client().Apply(ref, *job("hunter3"), {.force = true, .dry_run = true});
  ASSERT_FALSE(raw.object.ok());
  ASSERT_NE(raw.object.error().message().find("hunter3"), std::string::npos) << "the case of this test: the server quotes it";

  ObjectDiff diff = testing::Compare(job("hunter3"), *made.object);
  kube::ServerCheck check(client(), {.scope = kube::ServerCheckScope::kAll});
  const std::vector<Error> errors = check.Check({{&diff, EmbeddedSchema()->Find(diff.gvk), EmbeddedSchema()}}, [](const Gvk& gvk) { return ResourceOf(gvk); });
  ASSERT_EQ(errors.size(), 1u);
  const std::string said = errors[0].message() + diff.unanswered;
  EXPECT_NE(said.find("field is immutable"), std::string::npos) << said;
  EXPECT_EQ(said.find("hunter"), std::string::npos) << said;
  (void)client().Delete(ref);
}

}  // namespace
}  // namespace plumb
