#include "engine/cli/application_objects.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/json.h"
#include "core/suggest.h"
#include "engine/controller/crd.h"

namespace plumb::cli {

Result<std::string> OneArgument(const Flags& flags, std::string_view what) {
  if (flags.positional().size() == 1) return flags.positional()[0];
  if (flags.positional().empty()) return Invalid(fmt::format("name {}", what));
  return Invalid(fmt::format("one argument is expected, {}; found {}", what, flags.positional().size()));
}

Result<std::vector<Document>> ListApplications(Cluster& cluster, const std::string& ns) {
  auto list = cluster.client->List(ApplicationResource(), {.ns = ns});
  if (list.ok()) return std::move(list->items);
  if (list.error().code() == Code::kNotFound)
    return NotFound("the cluster does not know the kind Application: 'plumb crds | kubectl apply --server-side -f -' installs it");
  return std::move(list).error().Wrap("applications");
}

Result<Document> FindApplication(Cluster& cluster, const std::string& name) {
  const size_t slash = name.find('/');
  const std::string ns = slash == std::string::npos ? cluster.ns : name.substr(0, slash);
  const std::string own = slash == std::string::npos ? name : name.substr(slash + 1);
  kube::Answer answer = cluster.client->Get({ApplicationResource(), ns, own, ""});
  if (answer.object.ok()) return std::move(answer.object);
  if (answer.object.error().code() != Code::kNotFound) return std::move(answer.object).error().Wrap(fmt::format("application '{}'", name));
  PLUMB_TRY(others, ListApplications(cluster, ns));
  std::vector<std::string> names;
  for (const Document& other : others) names.emplace_back(other->Get("metadata").GetString("name"));
  return NotFound(fmt::format("there is no application '{}' in namespace '{}'{}; 'plumb get --all-namespaces' lists them", own, ns, DidYouMean(own, names)));
}

kube::ObjectRef RefOf(Value application) {
  const Value metadata = application.Get("metadata");
  return {ApplicationResource(), std::string(metadata.GetString("namespace")), std::string(metadata.GetString("name")), ""};
}

std::string NameOf(Value application) {
  const Value metadata = application.Get("metadata");
  return fmt::format("{}/{}", metadata.GetString("namespace"), metadata.GetString("name"));
}

Result<Document> PatchApplication(Cluster& cluster, Value application, Value patch) {
  kube::Answer answer = cluster.client->Patch(RefOf(application), kube::PatchType::kMerge, patch, {.field_manager = "plumb-cli"});
  if (!answer.object.ok()) return std::move(answer.object).error().Wrap(fmt::format("application '{}'", NameOf(application)));
  return std::move(answer.object);
}

Result<Document> Annotate(Cluster& cluster, Value application, std::string_view annotation, const std::string& text) {
  Arena arena;
  return PatchApplication(cluster, application,
                          arena.Map({{"metadata", arena.Map({{"annotations", arena.Map({{arena.Key(annotation), arena.String(text)}})}})}}));
}

std::string Who(Cluster& cluster) {
  kube::Resource review;
  review.gvk = {"authentication.k8s.io", "v1", "SelfSubjectReview"};
  review.plural = "selfsubjectreviews";
  Arena arena;
  const kube::Answer answer =
      cluster.client->Create(review, "", arena.Map({{"apiVersion", Arena::Borrow("authentication.k8s.io/v1")}, {"kind", Arena::Borrow("SelfSubjectReview")}}));
  if (answer.object.ok())
    if (const auto name = answer.object->root().Get("status").Get("userInfo").GetString("username"); !name.empty()) return std::string(name);
  const char* user = std::getenv("USER");
  return user && *user ? user : fmt::format("uid {}", getuid());
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string out;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) out += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
    out += '\n';
  }
  return out;
}

std::string AgeOf(std::string_view time) {
  const auto then = ParseTime(time);
  if (!then.ok()) return "";
  const auto seconds = std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(Clock::Real().Wall() - *then).count());
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 7200) return fmt::format("{}m", seconds / 60);
  if (seconds < 172800) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

void PrintJson(Value value) { fmt::print("{}\n", WriteJson(value, JsonStyle::kIndent4)); }

}  // namespace plumb::cli
