// plumb get [APP]: how the applications of a cluster are.
#include <fmt/core.h>

#include "core/yaml.h"
#include "engine/cli/application_objects.h"
#include "engine/cli/command.h"
#include "engine/cli/terminal.h"
#include "engine/loop/application.h"

namespace plumb::cli {

namespace {

std::string YesNo(Value value) { return value.is_bool() ? (value.AsBool() ? "yes" : "no") : "-"; }

std::string OrDash(std::string_view text) { return text.empty() ? "-" : std::string(text); }

void PrintList(const std::vector<Document>& applications) {
  std::vector<std::vector<std::string>> rows = {{"NAMESPACE", "NAME", "SYNCED", "HEALTHY", "REVISION", "AGE", "SUMMARY"}};
  for (const Document& application : applications) {
    const Value metadata = application->Get("metadata"), status = application->Get("status");
    rows.push_back({std::string(metadata.GetString("namespace")), std::string(metadata.GetString("name")), YesNo(status.Get("synced")), YesNo(status.Get("healthy")),
                    OrDash(status.GetString("shortRevision")), AgeOf(metadata.GetString("creationTimestamp")),
                    status.GetString("summary").empty() ? "nothing is said yet: does a 'plumb controller' follow it?" : std::string(status.GetString("summary"))});
  }
  fmt::print("{}", FormatTable(rows));
}

std::string ObjectName(Value resource) {
  return ObjectId{std::string(resource.GetString("group")), std::string(resource.GetString("kind")), std::string(resource.GetString("namespace")),
                  std::string(resource.GetString("name"))}
      .ToString();
}

void PrintOne(Value application) {
  const Palette colour = PaletteFor(stdout);
  const Value status = application.Get("status"), spec = application.Get("spec");
  const std::string_view phase = status.GetString("phase");
  const std::string_view tone = phase == "Synced" ? colour.green : phase == "Failed" ? colour.red : colour.yellow;
  fmt::print("{}{}{}  {}{}{}\n", colour.bold, NameOf(application), colour.reset, tone, OrDash(status.GetString("summary")), colour.reset);
  for (Value source : spec.Get("sources").items())
    fmt::print("  source    {} {}{}\n", source.Get("git").GetString("url"), OrDash(source.Get("git").GetString("revision")),
               source.GetString("path").empty() ? "" : fmt::format(", {}", source.GetString("path")));
  fmt::print("  target    {}{}\n", spec.Get("target").GetString("cluster").empty() ? "" : fmt::format("{}, ", spec.Get("target").GetString("cluster")),
             spec.Get("target").GetString("namespace").empty() ? "default" : spec.Get("target").GetString("namespace"));
  fmt::print("  revision  {} {}\n", OrDash(status.GetString("revision")), status.GetString("subject"));
  if (status.GetString("sourceRevision") != status.GetString("revision")) fmt::print("  newest    {}\n", OrDash(status.GetString("sourceRevision")));
  const Value objects = status.Get("objects");
  if (!objects.is_null()) fmt::print("  objects   {} of {} ready, {} drifted\n", objects.Get("ready").AsInt(), objects.Get("total").AsInt(), objects.Get("drifted").AsInt());
  for (Value hold : status.Get("holds").items())
    fmt::print("  held      {}, since {}{}\n", hold.GetString("reason"), hold.GetString("since"), hold.GetString("lift").empty() ? "" : fmt::format("; {}", hold.GetString("lift")));
  for (Value resource : status.Get("resources").items()) {
    const std::string_view health = resource.GetString("health");
    if (health == "healthy" && resource.Get("driftedFields").AsInt() == 0) continue;
    fmt::print("  {:<9} {}{}\n", health, ObjectName(resource), resource.GetString("message").empty() ? "" : fmt::format(": {}", resource.GetString("message")));
  }
}

Result<int> Run(const Flags& flags) {
  if (flags.positional().size() > 1) return Invalid("one application or none is expected; without a name all are listed");
  PLUMB_TRY(cluster, Connect(flags));
  const std::string format = flags.Get("output");
  if (format == "name" && !flags.positional().empty()) return Invalid("--output name lists applications; with one named there is nothing to list");
  if (!flags.positional().empty()) {
    PLUMB_TRY(application, FindApplication(cluster, flags.positional()[0]));
    if (format == "json") PrintJson(*application);
    else if (format == "yaml") fmt::print("{}", WriteYaml(*application));
    else PrintOne(*application);
    return kExitOk;
  }
  PLUMB_TRY(applications, ListApplications(cluster, flags.On("all-namespaces") ? "" : cluster.ns));
  if (format == "name") {
    for (const Document& application : applications)  // as every command takes it with the same flags
      fmt::print("{}\n", flags.On("all-namespaces") ? NameOf(*application) : application->Get("metadata").GetString("name"));
  } else if (format != "text") {
    const Document list = BuildDocument([&](Arena& arena) {
      std::vector<Value> items;
      for (const Document& application : applications) items.push_back(arena.Adopt(application));
      return arena.Map({{"apiVersion", arena.String(kPlumbApiVersion)}, {"kind", Arena::Borrow("ApplicationList")}, {"items", arena.List(items)}});
    });
    if (format == "json") PrintJson(*list);
    else fmt::print("{}", WriteYaml(*list));
  } else if (applications.empty()) {
    fmt::print("no applications{}\n", flags.On("all-namespaces") ? "" : fmt::format(" in namespace '{}'; --all-namespaces looks everywhere", cluster.ns));
  } else {
    PrintList(applications);
  }
  return kExitOk;
}

}  // namespace

Command GetCommand() {
  Command command{"get", "[APP]", "how the applications of a cluster are, or one in detail",
                  "  plumb get --all-namespaces\n"
                  "  plumb get plumb-system/shop\n\n"
                  "APP is NAME in --namespace, or NAMESPACE/NAME; so it is for every command that takes one.\n",
                  {{"all-namespaces", 'A', "", "of all namespaces", "", false, {}}, {"output", 'o', "FORMAT", "how to print the result", "text", false, {"text", "json", "yaml", "name"}}},
                  Run};
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace plumb::cli
