// Plumb inside a cluster: follows Application and Project objects, hands what they say to the loop, and writes back how it goes.
//
// One thread makes steps (Step; tests call it themselves). It never blocks: every request is answered through a mailbox. What
// is wrong with one Application is said in that one's status and touches no other.
//
//   an Application object changed ──► parse, project, credentials ──► Loop::Set / Loop::Remove
//   annotations of `plumb sync` and `plumb approve` ──► Loop::Request / Loop::Approve
//   the loop's status changed ──► PUT .../status, one at a time and not more often than `status_interval`
//   deleted with the finalizer plumb.dev/delete ──► Loop::Set(deleting) ──► all gone ──► the finalizer is taken away
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.h"
#include "engine/controller/credential_files.h"
#include "engine/controller/events.h"
#include "engine/controller/followed.h"
#include "engine/controller/members.h"
#include "engine/controller/project.h"
#include "engine/controller/targets.h"
#include "engine/kube/connection.h"
#include "engine/loop/loop.h"

namespace plumb {

inline constexpr std::string_view kDeleteFinalizer = "plumb.dev/delete";
// What people ask for, as annotations "<what> by <who>"; `plumb sync` and `plumb approve` write them.
inline constexpr std::string_view kSyncAnnotation = "plumb.dev/sync";        // <any new text> by <who>
inline constexpr std::string_view kApproveAnnotation = "plumb.dev/approve";  // <digest of the plan> by <who>

struct ControllerOptions {
  std::string ns = "default";               // its own: where Projects are, and Applications that need none
  std::vector<std::string> namespaces;      // where it looks for Applications; empty: everywhere
  std::string credentials_directory;        // for files that git needs; a private directory is made in it
  Duration status_interval = std::chrono::seconds(1);  // between two writes of one Application's status
  size_t status_in_flight = 16;             // of status writes at the same time
  EventOptions events;
  // Makes the way to a registered cluster. Empty: Secrets of clusters are not looked at.
  std::function<Result<std::shared_ptr<kube::Transport>>(const kube::Connection&)> connect;
  Members* members = nullptr;               // the replicas that share the work; outlives the controller. Null: this one is alone
};

class Controller {
 public:
  // `client` is of the cluster that the objects are in; it, `targets` and the clock outlive the controller. `loop` is what the
  // loop is made with but for what the controller fills in: target_for, admit, on_status, and events beside `loop.events`.
  Controller(kube::Client& client, Targets& targets, LoopContext loop, LoopOptions loop_options, ControllerOptions options);
  ~Controller();

  void Start();      // the loop's workers and the controller's own thread
  void Stop();
  TimePoint Step();  // does what arrived and what is due; returns when to be called again

  Loop& loop() { return *loop_; }
  // Replicas that share the Applications, this one included; 0 where it shares with nobody or has no Lease. Of any thread.
  size_t members() const { return members_; }
  // Ready once it has read what there is. `why_not` says what it waits for.
  bool Ready(std::string* why_not) const;

 private:
  // What is known of one Application object.
  struct Known {
    std::string basis;              // digest of all that the loop was told; "" where it follows nothing
    std::optional<ApplicationStatus> broken;  // why it cannot be followed
    std::vector<std::string> secrets;  // "namespace/name"
    std::string project, cluster;
    std::string sync, approval;     // annotations that were passed on
    bool status_due = false, on_wire = false;
    TimePoint next_write = TimePoint::min();
    bool releasing = false;         // the finalizer is being taken away
  };
  struct SecretWatch {
    std::unique_ptr<Followed> followed;
    std::set<std::string> users;    // keys of Applications
    std::string state;              // what was known of it at the last step
  };
  struct Reply {
    std::string key;
    kube::Answer answer;
  };
  struct Inbox {  // outlives the controller in callbacks
    Mutex mu;
    CondVar woken;
    bool wake GUARDED_BY(mu) = false, stop GUARDED_BY(mu) = false;
    std::deque<Reply> replies GUARDED_BY(mu);
    std::set<std::string> told GUARDED_BY(mu);  // Applications whose status changed
    void Wake();
  };

  void Run();
  void Examine(const std::string& key);
  TimePoint StepMembers();
  bool Mine(const std::string& key) const;
  void LeaveToOthers(const std::string& key, Value application);
  TimePoint LetGo();
  Result<Application> Read(const std::string& key, const Document& object, Known& known, bool deleted);
  Status ReadCredentials(Application& application, Known& known);
  void WatchSecrets(const std::string& key, const std::vector<std::string>& secrets);
  void Break(const std::string& key, const Document& object, Known& known, const Error& error);
  void Forget(const std::string& key);
  void PassRequests(const std::string& key, Value metadata, Known& known);
  void TakeReplies();
  TimePoint WriteStatuses();
  void WriteStatus(const std::string& key, Known& known, const Document& object, const ApplicationStatus& status);
  void ReleaseFinalizer(const std::string& key, Known& known, const Document& object);
  void OnProject(const std::string& key);
  void OnClusterSecret(const Followed& secrets, const std::string& key);
  std::string BasisOf(const Application& application) const;

  kube::Client& client_;
  Targets& targets_;
  const ControllerOptions options_;
  Clock& clock_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  CredentialFiles files_;
  std::unique_ptr<Loop> loop_;

  std::vector<std::unique_ptr<Followed>> applications_;  // one for each namespace, or one
  std::unique_ptr<Followed> projects_;
  std::vector<std::unique_ptr<Followed>> clusters_;      // Secrets that register a cluster
  std::map<std::string, std::pair<std::string, std::string>> registered_;  // key of the Secret -> name and digest of a cluster
  std::map<std::string, std::string> unreadable_;        // key of the Secret -> why it registers none
  std::map<std::string, SecretWatch> secrets_;
  std::set<std::string> dirty_;                 // Applications to look at
  std::map<std::string, Known> known_;
  std::unique_ptr<EventRecorder> events_;
  std::string view_;                            // of the members, that was looked at last
  std::atomic<size_t> members_ = 0;
  bool open_ = false;
  std::set<std::string> leaving_;               // let go of, with a pass that still runs

  // What admit needs on the loop's threads.
  mutable Mutex mu_;
  std::map<std::string, Result<Project>> parsed_projects_ GUARDED_BY(mu_);  // by name
  std::map<std::string, ApplicationStatus> elsewhere_ GUARDED_BY(mu_);  // what the objects say that other replicas follow
  bool read_ GUARDED_BY(mu_) = false;
  std::string trouble_ GUARDED_BY(mu_);
  std::jthread thread_;
  bool left_ = false;  // its Lease is given up

  Document Find(const std::string& key) const;
};

}  // namespace plumb
