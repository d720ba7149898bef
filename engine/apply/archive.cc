#include "engine/apply/archive.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/seal.h"
#include "engine/plan/gzip.h"

namespace plumb {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kEnding = ".undelete.gz";
constexpr int64_t kFormat = 1;

bool IsSecret(Value object) { return object.GetString("kind") == "Secret" && object.GetString("apiVersion") == "v1"; }

// Without managedFields, and without the copies that kubectl keeps of a whole object.
Value Trimmed(Arena& arena, Value object) {
  object = WithoutAt(arena, object, {"metadata", "managedFields"});
  return WithoutAt(arena, object, {"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"});
}

// "20261128T214501Z" for the start of a file's name: names sort by time.
std::string Compact(WallTime time) {
  std::string text = FormatMicroTime(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

Status WriteFile(const fs::path& path, const std::string& bytes) {
  const fs::path unfinished = path.string() + ".tmp" + std::to_string(getpid());
  const auto fail = [&](std::string_view what) { return Unavailable(fmt::format("'{}': {}: {}", path.string(), what, std::strerror(errno))); };
  const int fd = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return fail("cannot be written");
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  const bool synced = done == bytes.size() && fsync(fd) == 0;
  close(fd);
  if (!synced || rename(unfinished.c_str(), path.c_str()) != 0) {
    const Error error = fail("cannot be written");
    unlink(unfinished.c_str());
    return error;
  }
  return Ok();
}

}  // namespace

Status Archive::Put(const Plan& plan, const std::vector<size_t>& steps, const std::string& ns, const std::string& cluster) const {
  Arena arena;
  std::vector<Value> objects;
  for (size_t i : steps) {
    const Step& step = plan.steps[i];
    if (step.live.root().is_null()) continue;
    Value object = Trimmed(arena, arena.Adopt(step.live));
    std::vector<Member> members = {{"action", Arena::Borrow(ActionName(step.action == Action::kDelete ? Action::kDelete : Action::kReplace))}};
    if (IsSecret(object)) {
      if (!options_.key.empty()) members.push_back({"sealed", arena.String(Base64(Seal(options_.key, WriteJson(object.Get("data")))))});
      object = Without(arena, object, "data");
    }
    members.push_back({"object", object});
    objects.push_back(arena.Map(members));
  }
  if (objects.empty()) return Ok();
  const WallTime now = clock_.Wall();
  const std::string text = WriteJson(arena.Map({{"plumbArchive", Arena::Int(kFormat)},
                                                {"time", arena.String(FormatMicroTime(now))},
                                                {"namespace", arena.String(ns)},
                                                {"application", arena.String(plan.application)},
                                                {"plan", arena.String(plan.digest)},
                                                {"cluster", arena.String(cluster)},
                                                {"objects", arena.List(objects)}}));
  const std::string packed = Gzip(text);
  if (packed.size() > options_.bytes || text.size() > options_.expanded_bytes)
    return LimitExceeded(fmt::format("archive: what this plan deletes takes {} bytes ({} compressed), more than the archive may ({})", text.size(), packed.size(), options_.bytes));
  std::error_code error;
  fs::create_directories(options_.folder, error);
  if (!error) fs::permissions(options_.folder, fs::perms::owner_all, error);
  if (error) return Unavailable(fmt::format("archive: folder '{}': {}", options_.folder, error.message()));
  const std::string name = fmt::format("{}-{}-{}{}", Compact(now), plan.digest.substr(0, 12), steps.front(), kEnding);
  PLUMB_OK(WriteFile(fs::path(options_.folder) / name, packed), "archive");
  Sweep(name);
  return Ok();
}

// What is too old, then the oldest until the rest fits. Never what was written just now.
void Archive::Sweep(const std::string& keep) const {
  struct File {
    std::string name;
    uintmax_t size = 0;
  };
  std::vector<File> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options_.folder, error))
    if (entry.path().string().ends_with(kEnding)) files.push_back({entry.path().filename().string(), entry.file_size(error)});
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.name > b.name; });
  const std::string oldest = Compact(clock_.Wall() - options_.age);
  uintmax_t sum = 0;
  for (const File& file : files) {
    sum += file.size;
    if (file.name != keep && (sum > options_.bytes || file.name < oldest)) fs::remove(fs::path(options_.folder) / file.name, error);
  }
}

Result<ArchivedPlan> Archive::Read(const std::string& file) const {
  std::ifstream in(fs::path(options_.folder) / file, std::ios::binary);
  std::ostringstream packed;
  packed << in.rdbuf();
  PLUMB_TRY(text, Gunzip(packed.str(), options_.expanded_bytes));
  PLUMB_TRY(document, ParseJson(text, {.bytes = options_.expanded_bytes}));
  const Value root = document.root();
  if (root.Get("plumbArchive").AsInt() != kFormat) return Invalid("is not of this program");
  ArchivedPlan plan;
  plan.file = file;
  PLUMB_TRY(time, ParseTime(root.GetString("time")));
  plan.time = time;
  plan.ns = root.GetString("namespace");
  plan.application = root.GetString("application");
  plan.digest = root.GetString("plan");
  plan.cluster = root.GetString("cluster");
  for (Value item : root.Get("objects").items()) {
    ArchivedObject archived;
    archived.action = item.GetString("action") == "replace" ? Action::kReplace : Action::kDelete;
    archived.object = document.At(item.Get("object"));
    if (IsSecret(item.Get("object"))) {
      archived.without_values = true;
      const auto bytes = DecodeBase64(item.GetString("sealed"));
      const auto plain = options_.key.empty() || !bytes.ok() || bytes->empty() ? Result<std::string>(Invalid("")) : Unseal(options_.key, *bytes);
      const auto data = plain.ok() ? ParseJson(*plain) : Result<Document>(Invalid(""));
      if (data.ok()) {
        archived.without_values = false;
        archived.object = BuildDocument([&](Arena& arena) { return With(arena, arena.Adopt(archived.object), "data", arena.Adopt(*data)); });
      }
    }
    plan.objects.push_back(std::move(archived));
  }
  return plan;
}

std::vector<ArchivedPlan> Archive::List(std::vector<std::string>* trouble) const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options_.folder, error))
    if (entry.path().string().ends_with(kEnding)) names.push_back(entry.path().filename().string());
  std::sort(names.rbegin(), names.rend());
  std::vector<ArchivedPlan> plans;
  for (const std::string& name : names) {
    auto plan = Read(name);
    if (plan.ok()) plans.push_back(*std::move(plan));
    else trouble->push_back(fmt::format("archive: '{}': {}", name, plan.error().message()));
  }
  return plans;
}

Document Restorable(const Document& document) {
  return BuildDocument([&](Arena& a) {
    Value object = Without(a, a.Adopt(document), "status");
    for (std::string_view field : {"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
                                   "managedFields", "ownerReferences"})
      object = WithoutAt(a, object, {"metadata", field});
    for (std::string_view label : {"applyset.kubernetes.io/part-of", "controller-uid", "batch.kubernetes.io/controller-uid"})
      object = WithoutAt(a, object, {"metadata", "labels", label});
    for (std::string_view note : {"deployment.kubernetes.io/revision", "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"})
      object = WithoutAt(a, object, {"metadata", "annotations", note});
    const std::string_view kind = object.GetString("kind");
    const auto drop = [&](std::initializer_list<std::string_view> path) { object = WithoutAt(a, object, path); };
    if (kind == "Service" && GetAt(object, {"spec", "clusterIP"}).AsString() != "None") drop({"spec", "clusterIP"}), drop({"spec", "clusterIPs"});
    if (kind == "PersistentVolumeClaim") drop({"spec", "volumeName"});
    if (kind == "PersistentVolume") drop({"spec", "claimRef", "uid"}), drop({"spec", "claimRef", "resourceVersion"});
    if (kind == "Pod") drop({"spec", "nodeName"});
    if (kind == "ServiceAccount") drop({"secrets"});
    if (kind == "Namespace") drop({"spec"});
    if (kind == "Job" && !GetAt(object, {"spec", "manualSelector"}).AsBool()) {
      drop({"spec", "selector"});
      for (std::string_view label : {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"})
        drop({"spec", "template", "metadata", "labels", label});
    }
    return object;
  });
}

}  // namespace plumb
