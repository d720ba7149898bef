#include "engine/controller/controller.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>

#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/log.h"
#include "core/suggest.h"
#include "engine/controller/cluster_secrets.h"
#include "engine/controller/crd.h"
#include "engine/loop/status_document.h"
#include "engine/loop/summary.h"

namespace plumb {

namespace {

bool HasFinalizer(Value metadata) {
  const auto finalizers = metadata.Get("finalizers").items();
  return std::any_of(finalizers.begin(), finalizers.end(), [](Value f) { return f.AsString() == kDeleteFinalizer; });
}

bool IsDeleted(Value metadata) { return !metadata.Get("deletionTimestamp").is_null(); }

// "<what> by <who>".
std::pair<std::string, std::string> WhatAndWho(std::string_view text) {
  const size_t by = text.rfind(" by ");
  if (by == std::string_view::npos) return {std::string(text), ""};
  return {std::string(text.substr(0, by)), std::string(text.substr(by + 4))};
}

}  // namespace

void Controller::Inbox::Wake() {
  MutexLock lock(mu);
  wake = true;
  woken.notify_one();
}

Controller::Controller(kube::Client& client, Targets& targets, LoopContext loop, LoopOptions loop_options, ControllerOptions options)
    : client_(client), targets_(targets), options_(std::move(options)), clock_(*loop.clock), files_(options_.credentials_directory) {
  const auto wake = [inbox = inbox_] { inbox->Wake(); };
  events_ = std::make_unique<EventRecorder>(client_, [this](const std::string& key) { return Find(key); }, wake, clock_, options_.events);
  loop.target_for = [this](const Application& application) -> Result<std::shared_ptr<Target>> {
    std::string user;
    if (!application.project.empty()) {
      MutexLock lock(mu_);
      const auto project = parsed_projects_.find(application.project);
      if (project == parsed_projects_.end() || !project->second.ok()) return Unavailable(fmt::format("spec.project: project '{}' is not known", application.project));
      user = project->second->User();
    }
    return targets_.For(application.target_cluster, user);
  };
  loop.admit = [this](const Application& application, const Target& target, const DesiredSet& desired, const Inventory& inventory) -> Status {
    if (application.project.empty()) return Ok();
    MutexLock lock(mu_);
    const auto project = parsed_projects_.find(application.project);
    if (project == parsed_projects_.end() || !project->second.ok()) return Unavailable(fmt::format("spec.project: project '{}' is not known", application.project));
    return AllowsObjects(*project->second, application, desired, inventory, target.scope_of);
  };
  loop.elsewhere = [this](const std::string& key) -> std::optional<ApplicationStatus> {
    MutexLock lock(mu_);
    const auto found = elsewhere_.find(key);
    return found == elsewhere_.end() ? std::nullopt : std::optional(found->second);
  };
  loop.on_status = [inbox = inbox_](const std::string& key) {
    {
      MutexLock lock(inbox->mu);
      inbox->told.insert(key);
    }
    inbox->Wake();
  };
  loop.events = [this, also = loop.events](const LoopEvent& event) {
    if (also) also(event);
    events_->Note(event);
  };
  if (options_.members) options_.members->SetWake(wake);
  loop_ = std::make_unique<Loop>(std::move(loop), std::move(loop_options));
  targets_.SetRecordNamespaces(options_.namespaces.empty() ? std::vector<std::string>{options_.ns} : options_.namespaces);
  targets_.SetOnLiveChange(loop_->live_listener());

  const std::vector<std::string> namespaces = options_.namespaces.empty() ? std::vector<std::string>{""} : options_.namespaces;
  for (const std::string& ns : namespaces) {
    kube::WatchOptions watch;
    watch.ns = ns;
    applications_.push_back(std::make_unique<Followed>(client_, ApplicationResource(), watch, [this](const std::string& key) { dirty_.insert(key); }, wake, clock_));
  }
  kube::WatchOptions watch;
  watch.ns = options_.ns;
  if (options_.connect)
    for (std::string_view selector : {kClusterSelector, kArgoClusterSelector}) {
      kube::WatchOptions secrets;
      secrets.ns = options_.ns;
      secrets.label_selector = selector;
      const size_t at = clusters_.size();
      clusters_.push_back(std::make_unique<Followed>(
          client_, *kube::BuiltIn("Secret"), secrets, [this, at](const std::string& key) { OnClusterSecret(*clusters_[at], key); }, wake, clock_));
    }
  projects_ = std::make_unique<Followed>(client_, ProjectResource(), watch, [this](const std::string& key) { OnProject(key); }, wake, clock_);
}

Controller::~Controller() { Stop(); }

void Controller::Start() {
  loop_->Start();
  thread_ = std::jthread([this] {
    pthread_setname_np(pthread_self(), "controller");
    Run();
  });
}

void Controller::Stop() {
  {
    MutexLock lock(inbox_->mu);
    inbox_->stop = true;
    inbox_->woken.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  loop_->Stop();
  if (options_.members && std::exchange(left_, true) == false) options_.members->Leave();
}

void Controller::Run() {
  while (true) {
    const TimePoint next = Step();
    MutexLock lock(inbox_->mu);
    const auto ready = [&]() NO_THREAD_SAFETY_ANALYSIS { return inbox_->wake || inbox_->stop; };  // the wait holds the lock
    if (next == TimePoint::max()) inbox_->woken.wait(inbox_->mu, ready);
    else inbox_->woken.wait_until(inbox_->mu, next, ready);
    inbox_->wake = false;
    if (inbox_->stop) return;
  }
}

TimePoint Controller::Step() {
  TimePoint next = projects_->Step();
  for (const auto& followed : applications_) next = std::min(next, followed->Step());
  for (const auto& secrets : clusters_) next = std::min(next, secrets->Step());
  for (auto& [name, secret] : secrets_) {
    next = std::min(next, secret.followed->Step());
    // That it is not there, or that nobody may read it, is news as well.
    std::string state = fmt::format("{} {}", secret.followed->listed(), secret.followed->trouble());
    if (std::exchange(secret.state, std::move(state)) != secret.state) dirty_.insert(secret.users.begin(), secret.users.end());
  }
  TakeReplies();
  // Nobody knows which project does not exist before all of them are known.
  bool all = projects_->listed();
  std::string trouble = projects_->trouble();
  for (const auto& followed : applications_) {
    all &= followed->listed();
    if (!followed->trouble().empty()) trouble = followed->trouble();
  }
  next = std::min(next, StepMembers());
  if (projects_->listed())
    for (const std::string& key : std::exchange(dirty_, {})) Examine(key);
  next = std::min(next, LetGo());
  {
    MutexLock lock(mu_);
    read_ = all;
    trouble_ = trouble;
  }
  next = std::min(next, WriteStatuses());
  return std::min(next, events_->Step());
}

bool Controller::Ready(std::string* why_not) const {
  MutexLock lock(mu_);
  if (!read_) *why_not = trouble_.empty() ? "applications and projects are being read" : fmt::format("applications and projects cannot be read: {}", trouble_);
  return read_;
}

Document Controller::Find(const std::string& key) const {
  for (const auto& followed : applications_)
    if (Document found = followed->Find(key); !found->is_null()) return found;
  return {};
}

void Controller::OnProject(const std::string& key) {
  const Document object = projects_->Find(key);
  const std::string name = key.substr(key.find('/') + 1);
  {
    MutexLock lock(mu_);
    parsed_projects_.erase(name);
    if (!object->is_null()) parsed_projects_.emplace(name, ParseProject(object));
  }
  for (const auto& [application, known] : known_)
    if (known.project == name) dirty_.insert(application);
}

// A Secret that goes, or is broken, takes its cluster out of reach; nothing is deleted there.
void Controller::OnClusterSecret(const Followed& secrets, const std::string& key) {
  const Document object = secrets.Find(key);
  std::set<std::string> names;
  if (const auto before = registered_.find(key); before != registered_.end()) {
    names.insert(before->second.first);
    targets_.Remove(before->second.first);
    registered_.erase(before);
  }
  unreadable_.erase(key);
  if (!object->is_null()) {
    auto cluster = ReadClusterSecret(*object);
    auto transport = cluster.ok() ? options_.connect(cluster->connection) : Result<std::shared_ptr<kube::Transport>>(cluster.error());
    if (transport.ok()) {
      targets_.Set(cluster->name, std::move(*transport));
      registered_[key] = {cluster->name, Sha256Hex(WriteCanonicalJson(object->Get("data")))};
      names.insert(cluster->name);
    } else {
      unreadable_[key] = transport.error().message();
      log::Warning("a Secret registers no cluster", {{"secret", key}, {"error", transport.error().message()}});
    }
  }
  for (const auto& followed : applications_)
    for (const auto& [application, one] : followed->objects())
      if (names.contains(std::string(one->Get("spec").Get("target").GetString("cluster")))) dirty_.insert(application);
}

// Looks at one Application anew, from whatever state.
void Controller::Examine(const std::string& key) {
  const Document object = Find(key);
  if (object->is_null()) return Forget(key);
  const Value metadata = object->Get("metadata");
  const bool deleted = IsDeleted(metadata);
  if (deleted && !HasFinalizer(metadata)) return Forget(key);  // what it made stays
  if (!Mine(key)) return LeaveToOthers(key, *object);
  Known& known = known_[key];
  auto application = Read(key, object, known, deleted);
  WatchSecrets(key, known.secrets);
  if (!application.ok() && application.error().code() == Code::kUnavailable) return;  // a Secret is on its way, and brings the next look
  if (!application.ok()) return Break(key, object, known, application.error());
  application->deleting = deleted;
  if (const std::string basis = BasisOf(*application); basis != known.basis) {
    const auto before = loop_->status(key);
    const Status set = loop_->Set(std::move(*application), before && !before->gone ? *before : ReadStatus(object->Get("status")));
    if (!set.ok()) return Break(key, object, known, set.error());
    known.basis = basis;
  }
  known.broken.reset();
  PassRequests(key, metadata, known);
}

// All that makes the loop do something else.
std::string Controller::BasisOf(const Application& application) const {
  std::string text = fmt::format("{}\n{}\n{}\n", application.fingerprint, application.deleting, application.generation);
  for (const ApplicationSource& source : application.sources) text += SourceHub::KeyOf(source) + "\n";
  if (!application.project.empty()) {
    const Document project = projects_->Find(options_.ns + "/" + application.project);
    text += WriteCanonicalJson(project->Get("spec"));
  }
  for (const auto& [secret, cluster] : registered_)
    if (cluster.first == application.target_cluster) text += cluster.second;
  return Sha256Hex(text);
}

Result<Application> Controller::Read(const std::string& key, const Document& object, Known& known, bool deleted) {
  known.secrets.clear();
  known.project = object->Get("spec").GetString("project");
  PLUMB_TRY(application, ParseApplication(object, Place::kCluster));
  application.origin.file = key;
  known.cluster = application.target_cluster;
  if (application.project.empty()) {
    if (application.ns != options_.ns)
      return Invalid(fmt::format("spec.project: an Application outside of namespace '{}' has to name a project, whose rules then hold for it", options_.ns));
  } else {
    MutexLock lock(mu_);
    const auto project = parsed_projects_.find(application.project);
    if (project == parsed_projects_.end()) {
      std::vector<std::string> names;
      for (const auto& [name, one] : parsed_projects_) names.push_back(name);
      return Invalid(fmt::format("spec.project: there is no Project '{}' in namespace '{}'{}", application.project, options_.ns, DidYouMean(application.project, names)));
    }
    if (!project->second.ok()) return project->second.error().Wrap("spec.project");
    if (!deleted) PLUMB_OK(Allows(*project->second, application));  // of what is deleted, each object is looked at
  }
  if (!targets_.Has(application.target_cluster)) {
    for (const auto& secrets : clusters_)
      if (!secrets->listed() && secrets->trouble().empty()) return Unavailable("the registered clusters are being read");
    Error error = targets_.For(application.target_cluster, "").error();
    for (const auto& [secret, why] : unreadable_) error = Error(error.code(), fmt::format("{}; Secret '{}' registers none: {}", error.message(), secret, why));
    return error;
  }
  if (!deleted) PLUMB_OK(ReadCredentials(application, known));
  return std::move(application);
}

Status Controller::ReadCredentials(Application& application, Known& known) {
  Status first = Ok();
  for (size_t i = 0; i < application.sources.size(); ++i) {
    ApplicationSource& source = application.sources[i];
    if (source.secret.empty()) continue;
    const std::string key = application.ns + "/" + source.secret;
    if (std::find(known.secrets.begin(), known.secrets.end(), key) == known.secrets.end()) known.secrets.push_back(key);
    const std::string where = fmt::format("spec.sources[{}].git.credentials.secret: Secret '{}'", i, source.secret);
    const auto watched = secrets_.find(key);
    const Document secret = watched == secrets_.end() ? Document() : watched->second.followed->Find(key);
    Status read = Ok();
    if (!secret->is_null()) {
      read = files_.Fill(source, *secret);
    } else if (watched == secrets_.end() || (!watched->second.followed->listed() && watched->second.followed->trouble().empty())) {
      read = Unavailable("is being read");
    } else if (!watched->second.followed->listed()) {
      read = Denied(fmt::format("cannot be read: {}", watched->second.followed->trouble()));
    } else {
      read = NotFound(fmt::format("does not exist in namespace '{}'", application.ns));
    }
    if (!read.ok() && first.ok()) first = Error(read.error().code(), where + " " + read.error().message());
  }
  return first;
}

// One watch for each Secret, by its name: rights on single Secrets are enough.
void Controller::WatchSecrets(const std::string& key, const std::vector<std::string>& secrets) {
  for (const std::string& name : secrets) {
    SecretWatch& watch = secrets_[name];
    watch.users.insert(key);
    if (watch.followed) continue;
    kube::WatchOptions options;
    options.ns = name.substr(0, name.find('/'));
    options.field_selector = "metadata.name=" + name.substr(name.find('/') + 1);
    watch.followed = std::make_unique<Followed>(
        client_, *kube::BuiltIn("Secret"), options, [this, name](const std::string&) { dirty_.insert(secrets_[name].users.begin(), secrets_[name].users.end()); },
        [inbox = inbox_] { inbox->Wake(); }, clock_);
    inbox_->Wake();  // its first step is to be made
  }
  for (auto at = secrets_.begin(); at != secrets_.end();) {
    if (std::find(secrets.begin(), secrets.end(), at->first) == secrets.end()) at->second.users.erase(key);
    at = at->second.users.empty() ? secrets_.erase(at) : std::next(at);
  }
}

void Controller::Forget(const std::string& key) {
  loop_->Remove(key);
  if (options_.members && loop_->Running(key)) leaving_.insert(key);
  {
    MutexLock lock(mu_);
    elsewhere_.erase(key);
  }
  WatchSecrets(key, {});
  known_.erase(key);
}

// Nothing is done for it until somebody mends it; what it made stays as it is.
void Controller::Break(const std::string& key, const Document& object, Known& known, const Error& error) {
  loop_->Remove(key);
  known.basis.clear();
  ApplicationStatus status = known.broken ? *known.broken : ReadStatus(object->Get("status"));
  const ApplicationStatus before = status;
  status.ns = object->Get("metadata").GetString("namespace");
  status.name = object->Get("metadata").GetString("name");
  status.generation = object->Get("metadata").Get("generation").AsInt();
  status.failure = error.message();
  // The key is said by the object that the message stands in.
  if (const std::string context = fmt::format("application '{}': ", status.name); status.failure.starts_with(context)) status.failure.erase(0, context.size());
  status.stalled = error.code() != Code::kUnavailable;
  status.synced = status.healthy = false;
  Summarise(status, false, "");
  if (status.phase != before.phase || status.changed == WallTime{}) status.changed = clock_.Wall();
  if ((status.phase == Phase::kSynced) != (before.phase == Phase::kSynced) || status.ready_since == WallTime{}) status.ready_since = clock_.Wall();
  if (status.summary != before.summary && status.stalled) {
    LoopEvent event;
    event.type = LoopEvent::Type::kFailed;
    event.time = clock_.Wall();
    event.ns = status.ns;
    event.application = status.name;
    event.text = status.failure;
    events_->Note(event);
  }
  known.broken = std::move(status);
  known.status_due = true;
}

void Controller::PassRequests(const std::string& key, Value metadata, Known& known) {
  const Value annotations = metadata.Get("annotations");
  if (const std::string sync(annotations.GetString(kSyncAnnotation)); !sync.empty() && sync != known.sync) {
    known.sync = sync;
    const auto status = loop_->status(key);
    if (!status || status->sync_handled != sync) loop_->Request(key, {sync, WhatAndWho(sync).second});
  }
  if (const std::string approval(annotations.GetString(kApproveAnnotation)); !approval.empty() && approval != known.approval) {
    known.approval = approval;
    auto [digest, who] = WhatAndWho(approval);
    loop_->Approve(key, std::move(digest), std::move(who));
  }
}

}  // namespace plumb
