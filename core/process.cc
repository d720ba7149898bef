#include "core/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "core/blocking.h"

extern char** environ;

namespace plumb {
namespace {

constexpr Duration kNoPidfdPoll = std::chrono::milliseconds(20);  // how often to ask where the kernel has no pidfd

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { Close(); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Pipe {
  Fd read, write;
};

Result<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return Unavailable(fmt::format("pipe: {}", std::strerror(errno)));
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

void NonBlocking(const Fd& fd) { fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

std::string_view BaseName(std::string_view program) { return program.substr(program.rfind('/') + 1); }

// "NAME=value" strings of the child: the inherited ones that `env` does not name, then those of `env`.
std::vector<std::string> ChildEnvironment(const Process& process) {
  std::vector<std::string> all;
  if (process.inherit_env) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      const std::string_view name = text.substr(0, text.find('='));
      const bool replaced =
          std::any_of(process.env.begin(), process.env.end(), [&](auto& e) { return e.first == name; });
      if (!replaced) all.emplace_back(text);
    }
  }
  for (const auto& [name, value] : process.env) all.push_back(name + "=" + value);
  return all;
}

std::string_view PathOf(const std::vector<std::string>& environment) {
  for (std::string_view entry : environment) {
    if (entry.starts_with("PATH=")) return entry.substr(5);
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// A child that gone wrong must not turn our write into a SIGPIPE that ends this process: block the signal for this
// thread around the write and swallow the one that this write raised.
ssize_t WriteNoSignal(int fd, std::string_view data) {
  sigset_t pipe_set, old_set, pending;
  sigemptyset(&pipe_set);
  sigaddset(&pipe_set, SIGPIPE);
  sigpending(&pending);
  const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_set, &old_set);
  const ssize_t n = write(fd, data.data(), data.size());
  const int error = errno;
  if (n < 0 && error == EPIPE && !was_pending) {
    const timespec now{};
    while (sigtimedwait(&pipe_set, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &old_set, nullptr);
  errno = error;
  return n;
}

struct Spawned {
  pid_t pid = -1;
  Fd in, out, err;
};

Result<Spawned> Spawn(const Process& process) {
  if (process.argv.empty()) return Invalid("no program to run");
  struct stat info {};
  if (!process.directory.empty() && (stat(process.directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))) {
    return NotFound(fmt::format("no directory '{}' to run '{}' in", process.directory, BaseName(process.argv[0])));
  }
  const std::vector<std::string> environment = ChildEnvironment(process);
  std::string name = process.argv[0];
  const bool relative = name.find('/') != std::string::npos && name[0] != '/';
  if (relative && !process.directory.empty()) name = fmt::format("{}/{}", process.directory, name);
  PLUMB_TRY(program, FindProgram(name, PathOf(environment), process.install));
  program = std::filesystem::absolute(program).string();  // the child changes its directory before it looks
  PLUMB_TRY(out, MakePipe());
  PLUMB_TRY(err, MakePipe());
  Pipe in;
  if (!process.input.empty()) {
    PLUMB_TRY(pipe, MakePipe());
    in = std::move(pipe);
  }

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (in.read.open()) {
    posix_spawn_file_actions_adddup2(&actions, in.read.get(), 0);
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // locks, sockets and secrets of ours stay ours
  if (!process.directory.empty()) posix_spawn_file_actions_addchdir_np(&actions, process.directory.c_str());

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  Spawned spawned;
  std::vector<std::string> argv = process.argv;
  if (process.file_bytes > 0) {
    // posix_spawn sets no limits; the shell, which then becomes the program, does. Its unit is 512 bytes.
    const std::string script =
        fmt::format("trap '' XFSZ; ulimit -f {} && exec \"$@\"", (process.file_bytes + 511) / 512);
    argv[0] = program;
    argv.insert(argv.begin(), {"sh", "-c", script, "sh"});
    program = "/bin/sh";
  }
  const int error = posix_spawn(&spawned.pid, program.c_str(), &actions, &attributes, Pointers(argv).data(),
                                Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error == EACCES) return Denied(fmt::format("program '{}' may not be executed", program));
  if (error == ENOENT || error == ENOEXEC)
    return NotFound(fmt::format("program '{}' cannot be executed: {}", program, std::strerror(error)));
  if (error != 0) return Unavailable(fmt::format("cannot start '{}': {}", program, std::strerror(error)));

  spawned.in = std::move(in.write);
  spawned.out = std::move(out.read);
  spawned.err = std::move(err.read);
  if (spawned.in.open()) NonBlocking(spawned.in);
  NonBlocking(spawned.out);
  NonBlocking(spawned.err);
  return spawned;
}

// One running child: Step() moves it by one poll until Done.
class Child {
 public:
  Child(const Process& process, Spawned spawned, std::stop_token stop)
      : process_(process),
        io_(std::move(spawned)),
        pidfd_(static_cast<int>(syscall(SYS_pidfd_open, io_.pid, 0))),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        stop_(std::move(stop)),
        started_(Clock::Real().Now()),
        deadline_(started_ + process.timeout) {}

  ~Child() {
    if (!reaped_) {
      kill(-io_.pid, SIGKILL);
      Reap(0);
    }
  }

  Result<ProcessResult> Wait() {
    const Blocking blocking;
    std::stop_callback wake(stop_, [this] {
      const uint64_t one = 1;
      if (write(wake_.get(), &one, sizeof one) < 0) return;  // full: it is awake already
    });
    while (!reaped_ || io_.out.open() || io_.err.open()) Step();
    if (why_) return *std::move(why_);
    result_.elapsed = Clock::Real().Now() - started_;
    return std::move(result_);
  }

 private:
  void Step() {
    std::array<pollfd, 5> fds = {{{io_.out.get(), POLLIN, 0},
                                  {io_.err.get(), POLLIN, 0},
                                  {io_.in.get(), POLLOUT, 0},
                                  {reaped_ ? -1 : pidfd_.get(), POLLIN, 0},
                                  {why_ ? -1 : wake_.get(), POLLIN, 0}}};
    const TimePoint now = Clock::Real().Now();
    Duration wait = std::max(deadline_ - now, Duration::zero());
    if (!pidfd_.open()) wait = std::min(wait, kNoPidfdPoll);
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    if (poll(fds.data(), fds.size(), static_cast<int>(std::min<int64_t>(millis, 1'000'000))) < 0 && errno != EINTR) {
      return Stop(Internal(fmt::format("poll: {}", std::strerror(errno))));
    }
    if (fds[0].revents) Drain(io_.out, result_.out, process_.out_bytes, true);
    if (fds[1].revents) Drain(io_.err, result_.err, process_.err_bytes, false);
    if (fds[2].revents) Feed();
    if (!reaped_) Reap(WNOHANG);
    if (stop_.stop_requested()) Stop(Cancelled(fmt::format("'{}' was stopped", Name())));
    if (Clock::Real().Now() >= deadline_) OnDeadline();
  }

  void Drain(Fd& fd, std::string& into, size_t bound, bool strict) {
    char buffer[65536];
    const ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return fd.Close();
    const size_t room = bound - into.size();
    into.append(buffer, std::min(static_cast<size_t>(n), room));
    if (strict && static_cast<size_t>(n) > room) {
      Stop(LimitExceeded(fmt::format("'{}' wrote more than {} bytes to its standard output", Name(), bound)));
    }
  }

  void Feed() {
    const ssize_t n = WriteNoSignal(io_.in.get(), std::string_view(process_.input).substr(fed_));
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) fed_ += static_cast<size_t>(n);
    if (n < 0 || fed_ == process_.input.size()) io_.in.Close();  // a program may stop reading early: its right
  }

  // Remembers the first reason to stop, and asks the group to end; OnDeadline insists after the grace.
  void Stop(Error why) {
    if (why_) return;
    why_ = std::move(why);
    kill(-io_.pid, SIGTERM);
    deadline_ = Clock::Real().Now() + process_.grace;
  }

  void OnDeadline() {
    if (!why_) {
      return Stop(Unavailable(fmt::format("'{}' took longer than {}", Name(), FormatDuration(process_.timeout))));
    }
    if (!reaped_) kill(-io_.pid, SIGKILL);
    io_.out.Close();
    io_.err.Close();
    deadline_ += std::chrono::seconds(1);
  }

  // Collects the program once it ended. The group is killed while the program is still a zombie, so that its number
  // cannot belong to anyone else by then.
  void Reap(int flags) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(io_.pid), &info, WEXITED | WNOWAIT | flags) != 0) {
      reaped_ = errno == ECHILD;
      return;
    }
    if (info.si_pid == 0) return;
    kill(-io_.pid, SIGKILL);
    int status = 0;
    while (waitpid(io_.pid, &status, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    result_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    io_.in.Close();
  }

  std::string_view Name() const { return BaseName(process_.argv[0]); }

  const Process& process_;
  Spawned io_;
  Fd pidfd_;
  Fd wake_;
  std::stop_token stop_;
  TimePoint started_;
  TimePoint deadline_;
  bool reaped_ = false;
  size_t fed_ = 0;
  std::optional<Error> why_;
  ProcessResult result_;
};

class RealProcessRunner final : public ProcessRunner {
 public:
  Result<ProcessResult> Run(const Process& process, std::stop_token stop) override {
    if (stop.stop_requested()) return Cancelled("stopped before it began");
    PLUMB_TRY(spawned, Spawn(process));
    return Child(process, std::move(spawned), std::move(stop)).Wait();
  }
};

// What to install for a missing program. Names of Debian packages where Debian has one.
std::string Advice(std::string_view program) {
  constexpr std::pair<std::string_view, std::string_view> kPackages[] = {
      {"git", "git"}, {"ssh", "openssh-client"}, {"ssh-keygen", "openssh-client"}, {"gpg", "gnupg"}, {"gpgv", "gpgv"},
      {"age", "age"}, {"bwrap", "bubblewrap"},
  };
  for (const auto& [name, package] : kPackages) {
    if (name == program) return fmt::format("install the package '{}' (Debian: apt-get install {})", package, package);
  }
  return fmt::format("install '{}' and put it into PATH", program);
}

bool IsExecutable(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

ProcessRunner& ProcessRunner::Real() {
  static auto& runner = *new RealProcessRunner;  // never destroyed: destructors of other statics run programs
  return runner;
}

Result<ProcessResult> FakeProcessRunner::Run(const Process& process, std::stop_token stop) {
  {
    MutexLock lock(mu_);
    calls_.push_back(process);
  }
  if (stop.stop_requested()) return Cancelled("stopped");
  return answer_(process);
}

std::vector<Process> FakeProcessRunner::calls() const {
  MutexLock lock(mu_);
  return calls_;
}

Result<std::string> FindProgram(std::string_view program, std::string_view path, std::string_view install) {
  const std::string advice = install.empty() ? Advice(program) : std::string(install);
  if (program.empty()) return Invalid("no program to run");
  if (program.find('/') != std::string_view::npos) {
    std::string file(program);
    if (access(file.c_str(), F_OK) != 0)
      return NotFound(fmt::format("program '{}' does not exist: {}", program, advice));
    if (!IsExecutable(file)) return Denied(fmt::format("program '{}' may not be executed", program));
    return file;
  }
  while (!path.empty()) {
    const size_t colon = path.find(':');
    const std::string_view folder = path.substr(0, colon);
    path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
    if (folder.empty()) continue;  // "the current directory" of old: nobody means it
    std::string file = fmt::format("{}/{}", folder, program);
    if (IsExecutable(file)) return file;
  }
  return NotFound(fmt::format("program '{}' not found in PATH: {}", program, advice));
}

}  // namespace plumb
