// The client on a real kube-apiserver: TLS, HTTP/2, credentials, server-side apply, refusals, a server that dies.
#include "tests/engine/kube/control_plane.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <latch>

#include "core/edit.h"
#include "core/json.h"
#include "engine/kube/client.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/discovery.h"
#include "engine/kube/kubeconfig.h"
#include "engine/kube/schema_cache.h"

namespace plumb::kube {
namespace {

using testing::HasSubstr;

Connection Load(const std::string& kubeconfig) {
  auto loaded = LoadConnection({.kubeconfig = kubeconfig}, {});
  EXPECT_TRUE(loaded.ok()) << loaded.error().message();
  return *loaded;
}

std::shared_ptr<Transport> Connect(Connection connection, TransportOptions options = {}) {
  auto transport = CurlTransport::Create(std::move(connection), std::move(options));
  EXPECT_TRUE(transport.ok());
  return *std::move(transport);
}

Document ConfigMap(const std::string& ns, const std::string& name, const std::string& value) {
  return BuildDocument([&](Arena& a) {
    return a.Map({{"apiVersion", a.String("v1")}, {"kind", a.String("ConfigMap")},
                  {"metadata", a.Map({{"name", a.String(name)}, {"namespace", a.String(ns)}})}, {"data", a.Map({{"key", a.String(value)}})}});
  });
}

ObjectRef Ref(const std::string& kind, const std::string& ns, const std::string& name) { return {*BuiltIn(kind), ns, name, ""}; }

std::string MakeNamespace(Client& client) {
  const std::string name = UniqueName("kube");
  const Document object = BuildDocument([&](Arena& a) {
    return a.Map({{"apiVersion", a.String("v1")}, {"kind", a.String("Namespace")}, {"metadata", a.Map({{"name", a.String(name)}})}});
  });
  const Answer answer = client.Apply(Ref("Namespace", "", name), *object);
  EXPECT_TRUE(answer.object.ok()) << answer.object.error().message();
  return name;
}

TEST(ControlPlaneClient, AppliesReadsListsAndDeletes) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Client client(Connect(Load(cluster->kubeconfig())));
  const std::string ns = MakeNamespace(client);
  const ObjectRef web = Ref("ConfigMap", ns, "web");

  const Answer created = client.Apply(web, *ConfigMap(ns, "web", "1"));
  ASSERT_TRUE(created.object.ok()) << created.object.error().message();
  EXPECT_TRUE(created.created);
  const Answer again = client.Apply(web, *ConfigMap(ns, "web", "1"));
  EXPECT_FALSE(again.created);
  EXPECT_EQ(GetAt(**again.object, {"metadata", "resourceVersion"}).AsString(), GetAt(**created.object, {"metadata", "resourceVersion"}).AsString())
      << "applying the same changes nothing";

  const Answer dry = client.Apply(web, *ConfigMap(ns, "web", "2"), {.dry_run = true, .metadata_only = true});
  ASSERT_TRUE(dry.object.ok()) << dry.object.error().message();
  EXPECT_EQ(dry.object->root().GetString("kind"), "PartialObjectMetadata");
  EXPECT_EQ(GetAt(**client.Get(web).object, {"data", "key"}).AsString(), "1");

  const auto list = client.List(*BuiltIn("ConfigMap"), {.ns = ns});
  ASSERT_TRUE(list.ok()) << list.error().message();
  ASSERT_EQ(list->items.size(), 1u);
  EXPECT_EQ(IdOf(*list->items[0]).ToString(), "ConfigMap " + ns + "/web");

  const Answer wrong = client.Delete(web, {.uid = "00000000-0000-0000-0000-000000000000"});
  EXPECT_EQ(wrong.object.error().code(), Code::kConflict) << "another object of the name must survive";
  const std::string uid(GetAt(**created.object, {"metadata", "uid"}).AsString());
  EXPECT_TRUE(client.Delete(web, {.uid = uid}).object.ok());
  EXPECT_EQ(client.Delete(web, {.uid = uid}).object.error().code(), Code::kNotFound);
}

TEST(ControlPlaneClient, OtherWritesAndTheirConflicts) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Client client(Connect(Load(cluster->kubeconfig())));
  const std::string ns = MakeNamespace(client);
  const ObjectRef web = Ref("ConfigMap", ns, "web");
  ASSERT_TRUE(client.Create(web.resource, ns, *ConfigMap(ns, "web", "1"), {.field_manager = "other"}).object.ok());
  EXPECT_TRUE(client.Create(web.resource, ns, *ConfigMap(ns, "web", "1")).status.AlreadyExists());

  const Answer conflict = client.Apply(web, *ConfigMap(ns, "web", "2"));
  ASSERT_TRUE(conflict.status.ApplyConflict());
  EXPECT_EQ(conflict.status.causes[0].field, ".data.key");
  EXPECT_THAT(conflict.object.error().message(), HasSubstr("other"));
  EXPECT_TRUE(client.Apply(web, *ConfigMap(ns, "web", "2"), {.force = true}).object.ok());

  const Answer read = client.Get(web);
  ASSERT_TRUE(client.Patch(web, PatchType::kMerge, *BuildDocument([](Arena& a) {
                return a.Map({{"data", a.Map({{"key", a.String("3")}})}});
              })).object.ok());
  EXPECT_EQ(client.Update(web, **read.object).object.error().code(), Code::kConflict) << "it changed since it was read";

  const Document unknown = BuildDocument([&](Arena& a) { return With(a, a.Adopt(ConfigMap(ns, "web", "4")), "colour", a.String("red")); });
  const Answer refused = client.Apply(web, *unknown, {.force = true});
  EXPECT_EQ(refused.object.error().code(), Code::kInvalid) << refused.object.error().message();
  EXPECT_THAT(refused.object.error().message(), HasSubstr("colour"));
  const Answer warned = client.Update(web, *unknown, {.validation = FieldValidation::kWarn});
  ASSERT_TRUE(warned.object.ok()) << warned.object.error().message();
  EXPECT_THAT(warned.warnings, testing::Contains(HasSubstr("colour")));
}

TEST(ControlPlaneClient, ListsInPages) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Client client(Connect(Load(cluster->kubeconfig())), {.page = 7});
  const std::string ns = MakeNamespace(client);
  std::latch done(25);
  for (int i = 0; i < 25; ++i) {
    const std::string name = "c" + std::to_string(i);
    client.Apply(Ref("ConfigMap", ns, name), *ConfigMap(ns, name, "x"), {}, [&](Answer answer) {
      EXPECT_TRUE(answer.object.ok());
      done.count_down();
    });
  }
  done.wait();
  const auto list = client.List(*BuiltIn("ConfigMap"), {.ns = ns});
  ASSERT_TRUE(list.ok()) << list.error().message();
  EXPECT_EQ(list->items.size(), 25u);
}

TEST(ControlPlaneClient, SpeaksHttp2) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  // More requests at once than connections are allowed: without multiplexing they would have to wait for each other.
  const auto transport = Connect(Load(cluster->kubeconfig()), {.in_flight = 200, .streams_per_connection = 100, .connections = 2});
  std::latch done(200);
  std::atomic<int> ok = 0;
  for (int i = 0; i < 200; ++i)
    transport->Send({"GET", "/version", {}, ""}, std::chrono::seconds(30), [&](Result<http::Response> response) {
      if (response.ok() && response->status == 200) ++ok;
      done.count_down();
    });
  done.wait();
  EXPECT_EQ(ok, 200);
}

TEST(ControlPlaneCredentials, ClientCertificate) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Client client(Connect(Load(cluster->KubeconfigOf("admin-cert"))));
  EXPECT_TRUE(client.List(*BuiltIn("Namespace")).ok());
}

TEST(ControlPlaneCredentials, WrongTokenAndMissingRights) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Connection wrong = Load(cluster->kubeconfig());
  wrong.token = "expired";
  const Answer unknown = Client(Connect(wrong)).Get(Ref("Namespace", "", "default"));
  EXPECT_EQ(unknown.status.http, 401);
  EXPECT_THAT(unknown.object.error().message(), HasSubstr("expired or wrong"));

  const Answer denied = Client(Connect(Load(cluster->KubeconfigOf("reader")))).Get(Ref("Secret", "default", "x"));
  EXPECT_EQ(denied.status.http, 403);
  EXPECT_EQ(denied.object.error().code(), Code::kDenied);
  EXPECT_THAT(denied.object.error().message(), HasSubstr("reader"));
}

TEST(ControlPlaneCredentials, ATokenFileIsReadAgainAfter401) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Connection connection = Load(cluster->kubeconfig());
  const std::string good = std::exchange(connection.token, "");
  connection.token_file = testing::TempDir() + UniqueName("token");
  const auto write = [&](const std::string& token) {
    FILE* file = fopen(connection.token_file.c_str(), "w");
    fputs(token.c_str(), file);
    fclose(file);
  };
  write("stale\n");
  Client client(Connect(connection));
  EXPECT_EQ(client.Get(Ref("Namespace", "", "default")).status.http, 401);
  write(good + "\n");
  EXPECT_TRUE(client.Get(Ref("Namespace", "", "default")).object.ok()) << "within the minute for which a token is kept";
  remove(connection.token_file.c_str());
}

TEST(ControlPlaneTls, AnotherAuthorityIsRefused) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Connection connection = Load(cluster->kubeconfig());
  const Connection good = connection;
  connection.ca_pem = "";  // the system's authorities do not know it
  const Answer untrusted = Client(Connect(connection)).Get(Ref("Namespace", "", "default"));
  EXPECT_EQ(untrusted.object.error().code(), Code::kDenied);
  EXPECT_THAT(untrusted.object.error().message(), HasSubstr("not trusted"));

  connection = good;
  connection.tls_server_name = "kubernetes.default.svc";
  EXPECT_TRUE(Client(Connect(connection)).Get(Ref("Namespace", "", "default")).object.ok()) << "a name that the certificate has";
  connection.tls_server_name = "elsewhere.example";
  EXPECT_EQ(Client(Connect(connection)).Get(Ref("Namespace", "", "default")).object.error().code(), Code::kDenied);

  connection = good;
  connection.ca_pem = "";
  connection.insecure = true;
  EXPECT_TRUE(Client(Connect(connection)).Get(Ref("Namespace", "", "default")).object.ok()) << "asked for in the kubeconfig";
}

TEST(ControlPlaneTransport, AStreamDeliversEventsAndStopsWhenDropped) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  const auto transport = Connect(Load(cluster->kubeconfig()));
  Client client(transport);
  const std::string ns = MakeNamespace(client);
  std::latch event(1);
  std::atomic<int> status = 0;
  std::atomic<bool> seen = false;
  auto stream = transport->Open({"GET", "/api/v1/namespaces/" + ns + "/configmaps?watch=true", {}, ""},
                                {[&](const http::Response& head) { status = head.status; },
                                 [&](std::string_view data) {
                                   if (data.find("ADDED") != std::string_view::npos && !seen.exchange(true)) event.count_down();
                                 },
                                 [](Status) {}});
  ASSERT_TRUE(client.Apply(Ref("ConfigMap", ns, "web"), *ConfigMap(ns, "web", "1")).object.ok());
  event.wait();
  EXPECT_EQ(status, 200);
  stream.reset();
  EXPECT_TRUE(client.Get(Ref("ConfigMap", ns, "web")).object.ok()) << "requests go on";
}

TEST(ControlPlaneTransport, ClosingEndsEverything) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  std::atomic<int> cancelled = 0, ended = 0;
  std::unique_ptr<Transport::Stream> stream;
  {
    const auto transport = Connect(Load(cluster->kubeconfig()), {.in_flight = 2});
    stream = transport->Open({"GET", "/api/v1/configmaps?watch=true", {}, ""}, {nullptr, nullptr, [&](Status end) { ended += end.ok() ? 0 : 1; }});
    for (int i = 0; i < 50; ++i)
      transport->Send({"GET", "/api/v1/namespaces", {}, ""}, std::chrono::seconds(30), [&](Result<http::Response> response) {
        if (!response.ok() && response.error().code() == Code::kCancelled) ++cancelled;
      });
  }
  EXPECT_GT(cancelled, 0);
  EXPECT_EQ(ended, 1);
}

TEST(ControlPlaneTransport, BodiesAndQueuesAreBounded) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  const auto transport = Connect(Load(cluster->kubeconfig()), {.in_flight = 1, .queued = 3, .body_bytes = 1000});
  std::atomic<int> limited = 0;
  std::latch done(10);
  for (int i = 0; i < 10; ++i)
    transport->Send({"GET", "/version", {}, ""}, std::chrono::seconds(30), [&](Result<http::Response> response) {
      if (!response.ok() && response.error().code() == Code::kLimit) ++limited;
      done.count_down();
    });
  done.wait();
  EXPECT_GE(limited, 6) << "three may wait";
  const auto big = Client(transport).GetRaw("/openapi/v3");
  EXPECT_EQ(big.error().code(), Code::kLimit);
  EXPECT_THAT(big.error().message(), HasSubstr("body_bytes"));
}

TEST(ControlPlaneDiscovery, KnowsKindsAndTheirSchemas) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  Client client(Connect(Load(cluster->kubeconfig())));
  Discovery discovery(client);
  const auto map = discovery.Map();
  ASSERT_TRUE(map.ok()) << map.error().message();
  EXPECT_TRUE((*map)->complete());
  EXPECT_GT((*map)->resources().size(), 50u);
  EXPECT_EQ(discovery.FindByName("deploy")->gvk, (Gvk{"apps", "v1", "Deployment"}));
  EXPECT_EQ(discovery.FindByName("cm")->plural, "configmaps");
  EXPECT_FALSE(discovery.Find({"", "v1", "Namespace"})->namespaced);

  SchemaCache schemas(client);
  const auto apps = schemas.ForKind({"apps", "v1", "Deployment"});
  ASSERT_TRUE(apps.ok()) << apps.error().message();
  ASSERT_NE((*apps)->Find({"apps", "v1", "Deployment"}), nullptr);
  EXPECT_NE((*apps)->Find({"apps", "v1", "Deployment"})->FindField("spec"), nullptr);
}

TEST(TransportErrors, ADeadServerIsUnavailable) {
  Connection connection;
  connection.server = "https://127.0.0.1:1";
  const Answer answer = Client(Connect(connection), {.attempts = 1}).Get(Ref("Namespace", "", "default"));
  EXPECT_EQ(answer.object.error().code(), Code::kUnavailable);
  EXPECT_THAT(answer.object.error().message(), HasSubstr("cannot connect to 'https://127.0.0.1:1'"));
  EXPECT_FALSE(CurlTransport::Create(SandboxConnection("ftp://x")).ok());
}

TEST(ControlPlaneTransport, AFrozenServerTimesOut) {
  auto cluster = ControlPlane::Start();
  if (!cluster.ok()) GTEST_SKIP() << "no control plane: " << cluster.error().message();
  Client client(Connect(Load((*cluster)->kubeconfig())), {.timeout = std::chrono::milliseconds(300), .attempts = 2});
  ASSERT_TRUE(client.Get(Ref("Namespace", "", "default")).object.ok());
  ASSERT_TRUE((*cluster)->Signal("kube-apiserver", SIGSTOP).ok());
  Answer answer = client.Get(Ref("Namespace", "", "default"));
  for (int i = 0; i < 50 && answer.object.ok(); ++i) answer = client.Get(Ref("Namespace", "", "default"));  // the signal takes a moment to arrive
  ASSERT_FALSE(answer.object.ok());
  EXPECT_EQ(answer.object.error().code(), Code::kUnavailable);
  EXPECT_THAT(answer.object.error().message(), HasSubstr("in time"));
  ASSERT_TRUE((*cluster)->Signal("kube-apiserver", SIGCONT).ok());
  ASSERT_TRUE((*cluster)->Restart("kube-apiserver").ok());
  EXPECT_TRUE(client.Get(Ref("Namespace", "", "default")).object.ok()) << "the same client goes on with the new server";
}

}  // namespace
}  // namespace plumb::kube
