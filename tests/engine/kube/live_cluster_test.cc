// The live cache on a real kube-apiserver: events, a server killed under open watches, a compacted history.
#include <gmock/gmock.h>
#include <signal.h>

#include <map>

#include "core/edit.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/discovery.h"
#include "engine/kube/kubeconfig.h"
#include "engine/kube/live_cache.h"
#include "tests/engine/kube/control_plane.h"

namespace plumb::kube {
namespace {

using std::chrono::seconds;

const Gvk kConfigMap = {"", "v1", "ConfigMap"};

// A cache, and a way to wait for what it says.
struct Watched {
  explicit Watched(const std::string& kubeconfig, LiveCacheOptions options = {}) {
    auto connection = LoadConnection({.kubeconfig = kubeconfig}, {});
    EXPECT_TRUE(connection.ok()) << connection.error().message();
    transport = *CurlTransport::Create(*connection);
    client.emplace(transport);
    cache.emplace(*client, std::move(options));
    cache->AddListener([this](const CacheEvent& event) {
      MutexLock lock(mu);
      if (event.type == CacheEvent::Type::kListed) ++listed[event.gvk.kind];
      if (event.type == CacheEvent::Type::kTrouble) ++troubles;
      if (event.type <= CacheEvent::Type::kDeleted) seen[event.id().ToString()] = event.type;
      changed.notify_all();
    });
    cache->Start();
  }

  // Whether it becomes true within half a minute.
  template <typename F>
  bool Await(F&& holds) {
    const TimePoint until = Clock::Real().Now() + seconds(30);
    MutexLock lock(mu);
    while (!holds())
      if (changed.wait_until(mu, until) == std::cv_status::timeout) return holds();
    return true;
  }
  bool AwaitEvent(const std::string& id, CacheEvent::Type type) {
    return Await([&] { return seen.contains(id) && seen[id] == type; });
  }

  std::string Apply(const std::string& ns, const std::string& name, const std::string& value) {
    const Document object = BuildDocument([&](Arena& a) {
      return a.Map({{"apiVersion", a.String("v1")}, {"kind", a.String("ConfigMap")},
                    {"metadata", a.Map({{"name", a.String(name)}, {"namespace", a.String(ns)}})}, {"data", a.Map({{"key", a.String(value)}})}});
    });
    const Answer answer = client->Apply({*BuiltIn("ConfigMap"), ns, name, ""}, *object);
    EXPECT_TRUE(answer.object.ok()) << answer.object.error().message();
    return "ConfigMap " + ns + "/" + name;
  }
  std::string MakeNamespace() {
    const std::string name = UniqueName("watch");
    const Document object = BuildDocument([&](Arena& a) {
      return a.Map({{"apiVersion", a.String("v1")}, {"kind", a.String("Namespace")}, {"metadata", a.Map({{"name", a.String(name)}})}});
    });
    EXPECT_TRUE(client->Apply({*BuiltIn("Namespace"), "", name, ""}, *object).object.ok());
    return name;
  }

  Mutex mu;
  CondVar changed;
  std::map<std::string, int> listed;
  std::map<std::string, CacheEvent::Type> seen;
  int troubles = 0;
  std::shared_ptr<Transport> transport;
  std::optional<Client> client;
  std::optional<LiveCache> cache;
};

TEST(LiveCluster, ChangesArrive) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Watched w(cluster->kubeconfig());
  const std::string ns = w.MakeNamespace();
  const std::string before = w.Apply(ns, "before", "1");
  w.cache->Follow(*BuiltIn("ConfigMap"));
  ASSERT_TRUE(w.AwaitEvent(before, CacheEvent::Type::kAdded));
  const std::string web = w.Apply(ns, "web", "1");
  ASSERT_TRUE(w.AwaitEvent(web, CacheEvent::Type::kAdded));
  w.Apply(ns, "web", "2");
  ASSERT_TRUE(w.AwaitEvent(web, CacheEvent::Type::kModified));
  EXPECT_EQ(GetAt(w.cache->Get(kConfigMap, ns, "web")->root(), {"data", "key"}).AsString(), "2");
  ASSERT_TRUE(w.client->Delete({*BuiltIn("ConfigMap"), ns, "web", ""}).object.ok());
  ASSERT_TRUE(w.AwaitEvent(web, CacheEvent::Type::kDeleted));
  EXPECT_EQ(w.cache->Get(kConfigMap, ns, "web").error().code(), Code::kNotFound);
}

TEST(LiveCluster, EveryListableKindCanBeFollowedAtOnce) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Watched w(cluster->kubeconfig());
  Discovery discovery(*w.client);
  const auto map = discovery.Map();
  ASSERT_TRUE(map.ok());
  size_t followed = 0;
  for (const Resource& resource : (*map)->resources()) {
    if (!resource.Can("watch") || !resource.Can("list")) continue;
    w.cache->Follow(resource);
    ++followed;
  }
  EXPECT_GT(followed, 40u);
  ASSERT_TRUE(w.Await([&] { return w.listed.size() > 0 && w.cache->Settled(); }));
  std::string why;
  EXPECT_TRUE(w.cache->Complete(&why)) << why;
  const std::string ns = w.MakeNamespace();
  EXPECT_TRUE(w.AwaitEvent(w.Apply(ns, "web", "1"), CacheEvent::Type::kAdded)) << "open watches do not hold up writes";
}

TEST(LiveCluster, AForbiddenKindIsUnknown) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Watched w(cluster->KubeconfigOf("reader"));
  w.cache->Follow(*BuiltIn("Secret"));
  const TimePoint until = Clock::Real().Now() + seconds(30);
  while (!w.cache->Settled() && Clock::Real().Now() < until) std::this_thread::yield();
  const KindState state = w.cache->State({"", "v1", "Secret"});
  EXPECT_FALSE(state.complete);
  EXPECT_EQ(state.code, Code::kDenied);
  EXPECT_THAT(state.reason, testing::HasSubstr("reader"));
}

TEST(LiveCluster, AServerKilledUnderOpenWatchesLosesNothing) {
  auto cluster = ControlPlane::Start();
  if (!cluster.ok()) GTEST_SKIP() << "no control plane: " << cluster.error().message();
  LiveCacheOptions options;
  options.gap = std::chrono::milliseconds(100);
  Watched w((*cluster)->kubeconfig(), options);
  const std::string ns = w.MakeNamespace();
  w.cache->Follow(*BuiltIn("ConfigMap"));
  const std::string web = w.Apply(ns, "web", "1");
  ASSERT_TRUE(w.AwaitEvent(web, CacheEvent::Type::kAdded));

  ASSERT_TRUE((*cluster)->Signal("kube-apiserver", SIGKILL).ok());
  ASSERT_TRUE(w.Await([&] { return w.troubles > 0; })) << "it is noticed and said";
  EXPECT_EQ(w.cache->Get(kConfigMap, ns, "web").error().code(), Code::kUnavailable);
  ASSERT_TRUE((*cluster)->Restart("kube-apiserver").ok());

  w.Apply(ns, "web", "2");
  const std::string after = w.Apply(ns, "after", "1");
  ASSERT_TRUE(w.AwaitEvent(web, CacheEvent::Type::kModified));
  ASSERT_TRUE(w.AwaitEvent(after, CacheEvent::Type::kAdded));
  EXPECT_EQ(GetAt(w.cache->Get(kConfigMap, ns, "web")->root(), {"data", "key"}).AsString(), "2");
}

}  // namespace
}  // namespace plumb::kube
