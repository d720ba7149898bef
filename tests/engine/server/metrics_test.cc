#include "engine/server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "core/json.h"
#include "engine/server/metric_catalogue.h"

namespace plumb {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

// One of everything.
void FillMetrics(Metrics& metrics) {
  metrics.SetApplications({{.name = "shop",
                            .phase = "Progressing",
                            .synced = true,
                            .objects = 12,
                            .ready = 11,
                            .drift = {{"Deployment", {.objects = 1, .fields = 2}}},
                            .oldest_drift = WallTime()}});
  metrics.AddDrift("shop", "Deployment");
  metrics.AddSelfHeal("shop", "Deployment", std::chrono::milliseconds(20));
  metrics.AddSync("shop", "succeeded", std::chrono::seconds(3));
  metrics.AddCommitToHealthy("shop", std::chrono::seconds(30));
  metrics.AddGitRequest("fetch", "ok", std::chrono::seconds(1));
  metrics.AddApiRequest("apply", 200, std::chrono::milliseconds(4));
  metrics.SetOutstandingRequests({{"in-cluster", 7}});
  metrics.SetQueueDepth(3);
  metrics.AddPass(std::chrono::milliseconds(1), std::chrono::milliseconds(7));
  metrics.AddWebhook("github", "accepted");
}

TEST(Metrics, EveryMetricOfTheCatalogueIsToldWithHelpAndType) {
  Metrics metrics({.version = "1.2.3"});
  FillMetrics(metrics);
  const std::string text = metrics.Text();
  for (const MetricInfo& info : MetricCatalogue()) {
    EXPECT_THAT(text, HasSubstr("# HELP " + std::string(info.name) + " " + std::string(info.help) + "\n"));
    const char* type = info.type == MetricInfo::Type::kGauge     ? "gauge"
                       : info.type == MetricInfo::Type::kCounter ? "counter"
                                                                 : "histogram";
    EXPECT_THAT(text, HasSubstr("# TYPE " + std::string(info.name) + " " + type + "\n"));
  }
  std::set<std::string> known;
  for (const MetricInfo& info : MetricCatalogue()) known.emplace(info.name);
  const std::regex type_line("# TYPE (\\S+) ");
  for (std::sregex_iterator it(text.begin(), text.end(), type_line), end; it != end; ++it) {
    EXPECT_TRUE(known.contains((*it)[1])) << "not in the catalogue: " << (*it)[1];
  }
}

TEST(Metrics, ConventionsOfPrometheusAreKept) {  // prometheus.io/docs/practices/naming
  for (const MetricInfo& info : MetricCatalogue()) {
    const std::string name(info.name);
    EXPECT_TRUE(std::regex_match(name, std::regex("(plumb|process)_[a-z0-9_]+"))) << name;
    EXPECT_EQ(name.ends_with("_total"), info.type == MetricInfo::Type::kCounter) << name;
    EXPECT_TRUE(info.type != MetricInfo::Type::kHistogram || name.ends_with("_seconds")) << name;
    EXPECT_TRUE(info.help.ends_with(".")) << name;
  }
}

TEST(Metrics, ValuesAreThoseReported) {
  FakeClock clock;
  Metrics metrics({.version = "1.2.3"}, clock);
  const WallTime start = clock.Wall();
  clock.Advance(std::chrono::seconds(90));
  metrics.SetApplications({{.name = "shop",
                            .phase = "Held",
                            .synced = true,
                            .objects = 12,
                            .ready = 11,
                            .drift = {{"Deployment", {.objects = 1, .fields = 2}}},
                            .oldest_drift = start,
                            .holds = {{"budget", 1}}},
                           {.name = "base", .phase = "Failed", .healthy = true, .failing = true},
                           {.name = "old", .phase = "Failed", .failing = true}});
  metrics.SetOutstandingRequests({{"gone", 5}});
  metrics.SetOutstandingRequests({{"east", 12}, {"west", 0}});
  metrics.SetMembers(2);
  metrics.AddApiRequest("apply", 409, std::chrono::milliseconds(4));
  metrics.AddApiRequest("apply", 409, std::chrono::milliseconds(4));
  metrics.AddApiRequest("watch", 200, std::chrono::hours(1));
  const std::string text = metrics.Text();
  for (const char* line :
       {"plumb_build_info{version=\"1.2.3\"} 1\n", "plumb_applications 3\n",
        "plumb_applications_in_phase{phase=\"Failed\"} 2\n", "plumb_applications_in_phase{phase=\"Held\"} 1\n",
        "plumb_api_requests_outstanding{cluster=\"east\"} 12\n", "plumb_api_requests_outstanding{cluster=\"west\"} 0\n",
        "plumb_members 2\n", "plumb_application_synced{application=\"shop\"} 1\n", "plumb_application_synced{application=\"base\"} 0\n",
        "plumb_application_failing{application=\"base\"} 1\n", "plumb_managed_objects{application=\"shop\"} 12\n",
        "plumb_ready_objects{application=\"shop\"} 11\n",
        "plumb_drifted_objects{application=\"shop\",kind=\"Deployment\"} 1\n",
        "plumb_drifted_fields{application=\"shop\",kind=\"Deployment\"} 2\n",
        "plumb_drift_oldest_age_seconds{application=\"shop\"} 90\n",
        "plumb_holds{application=\"shop\",reason=\"budget\"} 1\n",
        "plumb_drift_oldest_age_seconds{application=\"base\"} 0\n",
        "plumb_api_requests_total{code=\"409\",verb=\"apply\"} 2\n", "plumb_queue_depth 0\n",
        "plumb_self_heal_duration_seconds_count 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("cluster=\"gone\"")));
  EXPECT_THAT(text, Not(HasSubstr("plumb_api_request_duration_seconds_count{verb=\"watch\"}")))
      << "a watch lasts as long as it may";
}

TEST(Metrics, ApplicationThatIsGoneLeavesNothingBehind) {
  Metrics metrics({.applications = 2});
  FillMetrics(metrics);
  metrics.SetApplications({{.name = "base"}});
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("application=\"shop\"")));
  metrics.SetApplications({{.name = "base"}, {.name = "shop"}});
  EXPECT_THAT(metrics.Text(), HasSubstr("plumb_managed_objects{application=\"shop\"}")) << "its place was free again";
}

TEST(Metrics, CardinalityIsBounded) {
  Metrics metrics({.applications = 2, .kinds = 1, .clusters = 1});
  metrics.SetOutstandingRequests({{"a", 1}, {"b", 2}, {"c", 3}});
  EXPECT_THAT(metrics.Text(), HasSubstr("plumb_api_requests_outstanding{cluster=\"other\"} 5\n"));
  std::vector<ApplicationState> applications;
  for (int i = 0; i < 5; ++i) {
    applications.push_back({.name = "app" + std::to_string(i),
                            .synced = true,
                            .objects = 10,
                            .drift = {{"Kind" + std::to_string(i), {.objects = 1, .fields = 1}}}});
  }
  metrics.SetApplications(applications);
  for (const auto& a : applications) metrics.AddSync(a.name, "succeeded", {});
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("plumb_managed_objects{application=\"app0\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("plumb_managed_objects{application=\"other\"} 30\n")) << "the rest, together";
  EXPECT_THAT(text, HasSubstr("plumb_application_synced{application=\"other\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("plumb_drifted_objects{application=\"other\",kind=\"other\"} 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("app4")));
}

TEST(Metrics, LabelsAreEscaped) {
  Metrics metrics({});
  metrics.SetApplications({{.name = "a\"b\\c\nd"}});
  EXPECT_THAT(metrics.Text(), HasSubstr("plumb_managed_objects{application=\"a\\\"b\\\\c\\nd\"} 0\n"));
}

// Names of metrics in a text, histogram suffixes taken off.
std::set<std::string> NamesIn(const std::string& text) {
  std::set<std::string> names;
  const std::regex name("\\b(plumb|process)_[a-z0-9_]+");
  for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) {
    std::string found = it->str();
    for (std::string_view suffix : {"_bucket", "_sum", "_count"}) {
      if (found.ends_with("_seconds" + std::string(suffix))) found.resize(found.size() - suffix.size());
    }
    names.insert(found);
  }
  return names;
}

TEST(Metrics, DashboardAndAlertsUseMetricsThatExist) {
  std::set<std::string> known;
  for (const MetricInfo& info : MetricCatalogue()) known.emplace(info.name);
  for (const char* file : {"examples/monitoring/grafana-dashboard.json", "examples/monitoring/prometheus-rules.yaml"}) {
    const auto names = NamesIn(ReadFile(file));
    EXPECT_GT(names.size(), 5u) << file;
    for (const std::string& name : names) EXPECT_TRUE(known.contains(name)) << file << ": " << name;
  }
  EXPECT_TRUE(ParseJson(ReadFile("examples/monitoring/grafana-dashboard.json")).ok());
}

// The page's table is the catalogue; PLUMB_ACCEPT=1 writes it anew.
TEST(Metrics, PageListsThemAll) {
  const std::string path = "docs/metrics.md";
  std::string page = ReadFile(path);
  const std::string begin = "<!-- generated: MetricTable -->\n", end = "<!-- end -->";
  const size_t from = page.find(begin), to = page.find(end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos);
  if (std::getenv("PLUMB_ACCEPT") != nullptr) {
    page.replace(from + begin.size(), to - from - begin.size(), MetricTable());
    std::ofstream(path) << page;
    return;
  }
  EXPECT_EQ(page.substr(from + begin.size(), to - from - begin.size()), MetricTable())
      << "run with PLUMB_ACCEPT=1 to write it anew";
}

}  // namespace
}  // namespace plumb
