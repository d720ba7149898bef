// What kubectl prints of every built-in kind: the sandbox's columns and cells beside those of a real API server.
#include <fmt/core.h>

#include <future>
#include <map>

#include "core/json.h"
#include "core/yaml.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/kubeconfig.h"
#include "engine/sandbox/resource.h"
#include "engine/sandbox/sandbox.h"
#include "tests/engine/kube/control_plane.h"

namespace plumb::sandbox {
namespace {

using std::chrono::seconds;

Document Ask(kube::Transport& transport, const std::string& method, const std::string& target, const std::string& accept, const std::string& body = "") {
  std::promise<Document> answer;
  http::Headers headers = {{"Accept", accept}};
  if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
  transport.Send({method, target, headers, body}, seconds(20), [&](Result<http::Response> response) {
    auto parsed = response.ok() ? ParseJson(response->body) : Result<Document>(response.error());
    answer.set_value(parsed.ok() ? *parsed : Document());
  });
  return answer.get_future().get();
}

constexpr const char* kTable = "application/json;as=Table;v=v1;g=meta.k8s.io";

std::string Path(const Resource& resource, const std::string& ns = "") {
  const std::string root = resource.group.empty() ? "/api/" + resource.version : fmt::format("/apis/{}/{}", resource.group, resource.version);
  return ns.empty() ? fmt::format("{}/{}", root, resource.plural) : fmt::format("{}/namespaces/{}/{}", root, ns, resource.plural);
}

std::string Columns(Value table) {
  std::string text;
  for (const Value column : table.Get("columnDefinitions").items())
    text += fmt::format("{}:{}:{}:{} | ", column.GetString("name"), column.GetString("type"), column.GetString("format"), column.Get("priority").AsInt());
  return text;
}

// "Ready=0/1 | ..." of the first row, without what differs from server to server: ages and addresses.
std::string Cells(Value table) {
  std::string text;
  const Value columns = table.Get("columnDefinitions"), row = table.Get("rows").size() ? table.Get("rows")[0].Get("cells") : Value();
  for (size_t i = 0; i < row.size() && i < columns.size(); ++i) {
    const std::string_view name = columns[i].GetString("name");
    if (name == "Age" || name == "Created At" || name == "Cluster-IP" || name == "Requestor") continue;
    if (row[i].AsString().starts_with("batch.kubernetes.io/controller-uid=")) continue;
    text += fmt::format("{}={} | ", name, row[i].is_string() ? row[i].AsString() : WriteJson(row[i]));
  }
  return text;
}

class TablesBesideARealServer : public testing::Test {
 protected:
  void Open(ControlPlane* cluster) {
    const auto connection = kube::LoadConnection({.kubeconfig = cluster->kubeconfig()}, {});
    ASSERT_TRUE(connection.ok()) << connection.error().message();
    real_ = *kube::CurlTransport::Create(*connection);
    box_ = *Sandbox::Start({.listen = false, .controllers = false});
  }
  std::shared_ptr<kube::Transport> real_;
  std::unique_ptr<Sandbox> box_;
};

TEST_F(TablesBesideARealServer, TheColumnsOfEveryKindAreTheSame) {
  Open(PLUMB_NEED_CONTROL_PLANE());
  size_t compared = 0;
  const auto registry = Registry::BuiltIn();
  for (const auto& resource : registry->all()) {
    if (!resource->Allows("list")) continue;
    const Document want = Ask(*real_, "GET", Path(*resource) + "?limit=1", kTable);
    if (want->GetString("kind") != "Table") continue;  // not served there
    EXPECT_EQ(Columns(*Ask(box_->transport(), "GET", Path(*resource) + "?limit=1", kTable)), Columns(*want)) << Path(*resource);
    ++compared;
  }
  EXPECT_GT(compared, 50u);
}

constexpr const char* kObjects = R"(
{apiVersion: v1, kind: Pod, metadata: {name: NAME}, spec: {containers: [{name: a, image: x:1}, {name: b, image: y:2}], readinessGates: [{conditionType: example.com/up}]}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: NAME}, spec: {replicas: 3, selector: {matchLabels: {app: a}, matchExpressions: [{key: tier, operator: In, values: [web, api]}]}, template: {metadata: {labels: {app: a, tier: web}}, spec: {containers: [{name: a, image: x:1}]}}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: NAME}, spec: {serviceName: s, replicas: 2, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: x:1}]}}}}
---
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: NAME}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {nodeSelector: {disk: ssd}, containers: [{name: a, image: x:1}]}}}}
---
{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: NAME, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: web, uid: '1', controller: true}]}, revision: 7, data: {a: b}}
---
{apiVersion: v1, kind: ReplicationController, metadata: {name: NAME}, spec: {replicas: 2, selector: {app: a}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: x:1}]}}}}
---
{apiVersion: v1, kind: PodTemplate, metadata: {name: NAME}, template: {metadata: {labels: {b: c, app: a}}, spec: {containers: [{name: a, image: x:1}]}}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: NAME}, spec: {completions: 3, parallelism: 2, suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: a, image: x:1}]}}}}
---
{apiVersion: batch/v1, kind: CronJob, metadata: {name: NAME}, spec: {schedule: '*/5 * * * *', timeZone: Europe/Berlin, suspend: true, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: x:1}]}}}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: NAME}, spec: {type: ClusterIP, externalIPs: [1.2.3.4], selector: {b: c, a: b}, ports: [{port: 80, name: a}, {port: 53, name: b, protocol: UDP}]}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: NAME}, subsets: [{addresses: [{ip: 10.1.1.1}, {ip: 10.1.1.2}], ports: [{port: 80, name: a}, {port: 81, name: b}]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: NAME}, addressType: IPv4, endpoints: [{addresses: [10.1.1.1]}, {addresses: [10.1.1.2]}], ports: [{port: 80, name: a}]}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: NAME}, spec: {ingressClassName: nginx, tls: [{hosts: [a.example]}], rules: [{host: a.example}, {host: b.example}, {host: c.example}, {host: d.example}]}}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: NAME}, spec: {controller: example.com/ingress, parameters: {apiGroup: example.com, kind: Settings, name: one}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: NAME}, spec: {podSelector: {matchExpressions: [{key: a, operator: NotIn, values: [z, b]}, {key: c, operator: Exists}]}}}
---
{apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME}, spec: {capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce, ReadOnlyMany], storageClassName: fast, persistentVolumeReclaimPolicy: Retain, hostPath: {path: /x}, claimRef: {namespace: default, name: data}}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: NAME}, spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: NAME, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: example.com/disk, allowVolumeExpansion: true, volumeBindingMode: WaitForFirstConsumer}
---
{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: NAME}, spec: {podInfoOnMount: true, volumeLifecycleModes: [Persistent, Ephemeral], tokenRequests: [{audience: a}]}}
---
{apiVersion: storage.k8s.io/v1, kind: VolumeAttachment, metadata: {name: NAME}, spec: {attacher: disk.example.com, nodeName: n1, source: {persistentVolumeName: pv}}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: NAME}, spec: {maxReplicas: 5, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}, {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 200Mi}}}]}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: NAME}, spec: {minAvailable: 50%, selector: {matchLabels: {app: a}}}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: NAME}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, subjects: [{kind: User, name: ann, apiGroup: rbac.authorization.k8s.io}, {kind: Group, name: ops, apiGroup: rbac.authorization.k8s.io}, {kind: ServiceAccount, name: bot, namespace: ci}, {kind: User, name: bob, apiGroup: rbac.authorization.k8s.io}]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME}, data: {a: b, c: d}, binaryData: {e: Zg==}}
---
{apiVersion: v1, kind: Secret, metadata: {name: NAME}, type: example.com/x, data: {a: Yg==}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: NAME}, spec: {hard: {requests.cpu: '4', limits.cpu: '8', pods: '10'}}}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: NAME}, value: 1000}
---
{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: NAME}, spec: {holderIdentity: me}}
---
{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: NAME}, handler: runsc}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: NAME}, spec: {paramKind: {apiVersion: v1, kind: ConfigMap}, matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [bindings]}]}, validations: [{expression: 'true'}]}}
---
{apiVersion: v1, kind: Event, metadata: {name: NAME}, type: Normal, reason: Started, message: hello, count: 4, involvedObject: {kind: Pod, name: web, namespace: NAME, fieldPath: 'spec.containers{a}'}, source: {component: kubelet, host: n1}}
)";

TEST_F(TablesBesideARealServer, TheCellsOfManyKindsAreTheSame) {
  Open(PLUMB_NEED_CONTROL_PLANE());
  const auto registry = Registry::BuiltIn();
  size_t compared = 0;
  const std::string name = UniqueName("table");
  std::string text = kObjects;
  for (size_t at; (at = text.find("NAME")) != std::string::npos;) text.replace(at, 4, name);
  const auto objects = ParseYaml(text);
  ASSERT_TRUE(objects.ok()) << objects.error().message();
  // A namespace of our own, with the account that Pods want.
  for (kube::Transport* transport : {real_.get(), &box_->transport()}) {
    Ask(*transport, "POST", "/api/v1/namespaces", "application/json", fmt::format(R"({{"metadata":{{"name":"{}"}}}})", name));
    Ask(*transport, "POST", fmt::format("/api/v1/namespaces/{}/serviceaccounts", name), "application/json", R"({"metadata":{"name":"default"}})");
  }
  for (const auto& object : *objects) {
    const Resource* resource = registry->FindKind(GvkOf(object.value.root()));
    ASSERT_TRUE(resource) << object.value->GetString("kind");
    const std::string path = Path(*resource, resource->namespaced ? name : ""), body = WriteJson(object.value.root());
    std::map<kube::Transport*, std::string> cells;
    for (kube::Transport* transport : {real_.get(), &box_->transport()}) {
      const Document made = Ask(*transport, "POST", path, "application/json", body);
      EXPECT_EQ(made->GetString("kind"), object.value->GetString("kind")) << WriteJson(*made);
      cells[transport] = Cells(*Ask(*transport, "GET", path + "/" + name, kTable));
    }
    EXPECT_EQ(cells[&box_->transport()], cells[real_.get()]) << object.value->GetString("kind");
    Ask(*real_, "DELETE", path + "/" + name, "application/json");
    ++compared;
  }
  EXPECT_GT(compared, 30u);
}

}  // namespace
}  // namespace plumb::sandbox
