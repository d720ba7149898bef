#include "plugins/kustomize/list_merge.h"

#include <algorithm>
#include <set>

#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

// How many items one list may have with several keys, where gaps are filled by comparing all pairs.
constexpr size_t kMaxPairs = 5000;

bool ByOwnValue(const ListKeys& keys) { return keys.empty() || keys[0].empty(); }

}  // namespace

std::optional<size_t> MergeList::Find(const ListKeys& keys, const ListKeys& values) const {
  for (size_t i = 0; i < items_.size(); ++i) {
    if (ByOwnValue(keys)) {
      if (ScalarText(items_[i]) == values[0]) return i;
      continue;
    }
    if (!items_[i].is_map()) continue;
    bool matches = true;
    for (size_t k = 0; k < keys.size() && matches; ++k) {
      const Value* found = items_[i].Find(keys[k]);
      matches = found && ScalarText(*found) == values[k];
    }
    if (matches) return i;
  }
  return std::nullopt;
}

Status MergeList::Change(const ListKeys& keys, const ListKeys& values, std::optional<Value> item) {
  const bool by_key = !ByOwnValue(keys) && !values.empty() && !values[0].empty();
  std::vector<Value> kept;
  kept.reserve(items_.size() + 1);
  bool matched = false;
  for (Value have : items_) {
    if (have.is_null() || (have.is_map() && have.empty())) continue;
    if (by_key && !have.is_map()) {
      kept.push_back(have);
      continue;
    }
    bool found = false;
    for (size_t k = 0; k < keys.size(); ++k) {
      if (k < values.size()) {
        if (keys[k].empty() != have.is_scalar())
          return Invalid("a list merged by " + (keys[k].empty() ? "value" : "key '" + keys[k] + "'") + " has a " +
                         std::string(KindName(have.kind())) + " as an item");
        const Value* field = keys[k].empty() ? &have : have.Find(keys[k]);
        const bool any_value = values[k].empty() && !keys[k].empty();
        found = field && (any_value || ScalarText(*field) == values[k]);
      }
      if (!found) break;
    }
    if (!found) {
      if (!values.empty()) kept.push_back(have);
      continue;
    }
    matched = true;
    if (item) kept.push_back(*item);
  }
  if (item && !matched) kept.push_back(*item);
  items_ = std::move(kept);
  return Ok();
}

Status MergeList::SetAll(const MergeList& other, const ListKeys& keys) {
  for (Value item : other.items_) {
    ListKeys values;
    if (ByOwnValue(keys)) {
      values.push_back(ScalarText(item));
    } else {
      for (const std::string& key : keys) {
        const Value* found = item.Find(key);
        if (found) values.push_back(ScalarText(*found));
        else items_.push_back(item);
      }
      if (keys.size() > 1) PLUMB_OK(Remove(keys, values));
    }
    PLUMB_OK(Set(keys, values, item));
  }
  return Ok();
}

void MergeList::CollectValues(const ListKeys& keys, std::vector<ListKeys>& values) const {
  std::set<ListKeys> seen(values.begin(), values.end());
  for (Value item : items_) {
    ListKeys own;
    if (ByOwnValue(keys)) {
      own.push_back(ScalarText(item));
    } else {
      for (const std::string& key : keys) own.push_back(ScalarText(item.Get(key)));
    }
    if (seen.insert(own).second) values.push_back(std::move(own));
  }
}

void FillPartialValues(std::vector<ListKeys>& values) {
  if (values.size() > kMaxPairs) return;
  const auto same = [](const ListKeys& a, const ListKeys& b, ListKeys* both) {
    bool common = false;
    both->clear();
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i] == b[i]) common = true;
      else if (!a[i].empty() && !b[i].empty()) return false;
      both->push_back(a[i].empty() ? b[i] : a[i]);
    }
    return common;
  };
  ListKeys both;
  for (size_t i = 0; i < values.size(); ++i) {
    const ListKeys mine = values[i];  // compared as it was when its turn came
    for (size_t j = 0; j < values.size(); ++j) {
      if (!same(mine, values[j], &both)) continue;
      values[i] = both;
      values[j] = both;
    }
  }
}

ListKeys UsedKeys(const ListKeys& keys, const std::vector<ListKeys>& values) {
  ListKeys used;
  for (size_t k = 0; k < keys.size(); ++k)
    if (std::any_of(values.begin(), values.end(), [&](const ListKeys& v) { return !v[k].empty(); })) used.push_back(keys[k]);
  return used.empty() ? keys : used;
}

ListKeys ValuesOf(const ListKeys& used, const ListKeys& keys, const ListKeys& values) {
  ListKeys result;
  for (size_t k = 0; k < keys.size(); ++k)
    if (std::find(used.begin(), used.end(), keys[k]) != used.end()) result.push_back(values[k]);
  return result;
}

}  // namespace plumb::kustomize
