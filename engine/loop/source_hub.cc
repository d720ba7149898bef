#include "engine/loop/source_hub.h"

#include <algorithm>

#include "core/blocking.h"
#include "core/hash.h"

namespace plumb {

std::string SourceHub::KeyOf(const ApplicationSource& source) {
  const GitCredentials& c = source.git.credentials;
  std::string text;
  for (const std::string& part : {source.git.url, source.git.revision, std::string(source.git.submodules ? "s" : ""), source.directory, c.username,
                                  c.password.Identity(), c.bearer.Identity(), c.ca_file, c.ssh_key_file, c.known_hosts_file})
    text += part + '\n';
  return Sha256Hex(text).substr(0, 24);
}

void SourceHub::Follow(const std::string& application, const std::vector<ApplicationSource>& sources, Duration interval) {
  std::map<std::string, const ApplicationSource*> wanted;
  for (const ApplicationSource& source : sources) wanted.emplace(KeyOf(source), &source);
  MutexLock lock(mu_);
  for (const auto& [key, source] : wanted) {
    std::shared_ptr<Entry>& entry = entries_[key];
    if (!entry) {
      entry = std::make_shared<Entry>();
      entry->source = *source;
    }
    entry->followers[application] = interval;
  }
  std::erase_if(entries_, [&](const auto& known) {
    if (!wanted.contains(known.first)) known.second->followers.erase(application);
    return known.second->followers.empty();
  });
}

SourceHub::Change SourceHub::Look(const std::string& key, std::stop_token stop, bool pushed) {
  std::shared_ptr<Entry> entry;
  {
    MutexLock lock(mu_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return Change::kNone;
    entry = found->second;
  }
  const Blocking blocking;
  MutexLock looking(entry->looking);
  Result<SourceState> state = [&]() NO_THREAD_SAFETY_ANALYSIS -> Result<SourceState> {  // `looking` is held: the analysis does not see into lambdas
    if (!entry->resolver) {
      PLUMB_TRY(resolver, make_(entry->source));
      entry->resolver = std::move(resolver);
    }
    return entry->resolver(stop, pushed);
  }();
  if (!state.ok() && stop.stop_requested()) return Change::kNone;

  MutexLock lock(mu_);
  SourceView& view = entry->view;
  const bool had_failed = view.error.has_value();
  view.looked = true;
  if (!state.ok()) {
    const bool news = !had_failed || view.error->message() != state.error().message();
    view.error = std::move(state).error();
    return news ? Change::kFailed : Change::kNone;
  }
  view.error.reset();
  const bool moved = !view.state || state->revision.empty() || state->revision != view.state->revision;
  if (moved) view.state = std::make_shared<const SourceState>(std::move(*state));
  if (moved) return Change::kMoved;
  return had_failed ? Change::kRecovered : Change::kNone;
}

SourceView SourceHub::View(const std::string& key) const {
  MutexLock lock(mu_);
  const auto found = entries_.find(key);
  return found == entries_.end() ? SourceView{} : found->second->view;
}

std::vector<std::string> SourceHub::Followers(const std::string& key) const {
  MutexLock lock(mu_);
  std::vector<std::string> names;
  const auto found = entries_.find(key);
  if (found == entries_.end()) return names;
  names.reserve(found->second->followers.size());
  for (const auto& [name, interval] : found->second->followers) names.push_back(name);
  return names;
}

Duration SourceHub::Interval(const std::string& key) const {
  MutexLock lock(mu_);
  Duration least = Duration::max();
  if (const auto found = entries_.find(key); found != entries_.end())
    for (const auto& [name, interval] : found->second->followers) least = std::min(least, interval);
  return least;
}

std::vector<std::string> SourceHub::Matching(const std::function<bool(const ApplicationSource&)>& matches) const {
  MutexLock lock(mu_);
  std::vector<std::string> keys;
  for (const auto& [key, entry] : entries_)
    if (matches(entry->source)) keys.push_back(key);
  return keys;
}

}  // namespace plumb
