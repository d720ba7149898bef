#include "core/yaml_cache.h"

#include <fmt/core.h>

#include "core/hash.h"

namespace plumb {
namespace {

constexpr size_t kOverhead = 300;  // of an entry, beside its trees

std::string KeyOf(std::string_view text, const YamlOptions& o) {
  return Sha256(text) + fmt::format("{}{:d}{:d}{:d} {} {} {} {}", static_cast<int>(o.dialect), o.rewrite_folded, o.as_written, o.refuse_duplicate_keys,
                                    o.bytes, o.depth, o.nodes, o.documents);
}

}  // namespace

Result<YamlDocuments> YamlCache::Parse(std::string_view text, const YamlOptions& options) {
  std::string key = KeyOf(text, options);
  {
    MutexLock lock(mu_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      ++hits_;
      found->second->used = clock_.Now();
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->documents;
    }
  }
  PLUMB_TRY(documents, ParseYaml(nullptr, text, options));
  size_t bytes = kOverhead;
  for (const YamlDocument& document : *documents)
    if (document.value.arena()) bytes += document.value.arena()->bytes();
  if (bytes > bytes_ / 8) return documents;
  Entries freed;  // let go of outside of the lock
  MutexLock lock(mu_);
  if (by_key_.contains(key)) return documents;
  const TimePoint now = clock_.Now();
  entries_.push_front({std::move(key), documents, bytes, now});
  by_key_[entries_.front().key] = entries_.begin();
  for (kept_ += bytes; kept_ > bytes_ || now - entries_.back().used > unused_;) {
    kept_ -= entries_.back().bytes;
    by_key_.erase(entries_.back().key);
    freed.splice(freed.begin(), entries_, std::prev(entries_.end()));
  }
  return documents;
}

size_t YamlCache::hits() const {
  MutexLock lock(mu_);
  return hits_;
}

size_t YamlCache::bytes() const {
  MutexLock lock(mu_);
  return kept_;
}

Result<YamlDocuments> ParseYaml(YamlCache* cache, std::string_view text, const YamlOptions& options) {
  if (cache) return cache->Parse(text, options);
  PLUMB_TRY(documents, ParseYaml(text, options));
  return YamlDocuments(std::make_shared<const std::vector<YamlDocument>>(std::move(documents)));
}

}  // namespace plumb
