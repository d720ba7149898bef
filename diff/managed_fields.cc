#include "diff/managed_fields.h"

#include <algorithm>
#include <tuple>

#include "core/json.h"

namespace plumb {

namespace {

constexpr size_t kMaxUpdateManagers = 10;
constexpr std::string_view kOldManager = "ancient-changes";

std::string Quote(std::string_view text) { return WriteJson(Arena::Borrow(text)); }

}  // namespace

std::string FieldManager::Key() const {
  std::string key = "{\"manager\":" + Quote(name) + ",\"operation\":" + (applied ? "\"Apply\"" : "\"Update\"");
  if (!applied) key += ",\"apiVersion\":" + Quote(api_version);
  if (!subresource.empty()) key += ",\"subresource\":" + Quote(subresource);
  return key + "}";
}

std::string FieldManager::ToString() const {
  std::string text = Quote(name);
  if (!subresource.empty()) text += " with subresource " + Quote(subresource);
  if (!applied) text += " using " + api_version;
  return text;
}

std::string ManagedFields::Add(const FieldManager& manager) {
  std::string key = manager.Key();
  managers.emplace(key, manager);
  return key;
}

Result<ManagedFields> DecodeManagedFields(Arena& arena, Value list) {
  ManagedFields managed;
  for (size_t i = 0; i < list.size() && list.is_list(); ++i) {
    const Value entry = list[i];
    const std::string where = "metadata.managedFields[" + std::to_string(i) + "]";
    const std::string_view operation = entry.GetString("operation"), version = entry.GetString("apiVersion");
    if (operation != "Apply" && operation != "Update") return Invalid(where + ": operation must be `Apply` or `Update`");
    if (version.empty()) return Invalid(where + ": apiVersion must not be empty");
    if (entry.GetString("fieldsType") != "FieldsV1") return Invalid(where + ": fieldsType must be `FieldsV1`");
    PLUMB_TRY(set, FieldSetFromValue(arena, entry.Get("fieldsV1")), where);
    FieldManager manager{std::string(entry.GetString("manager")), operation == "Apply", "", std::string(entry.GetString("subresource"))};
    if (!manager.applied) manager.api_version = version;
    const std::string key = managed.Add(manager);
    managed.owners[key] = {set, std::string(version), manager.applied};
    managed.read[key] = {set, entry.Get("fieldsV1")};
    if (const Value time = entry.Get("time"); time.is_string()) managed.times[key] = time.AsString();
  }
  return managed;
}

Value EncodeManagedFields(Arena& arena, const ManagedFields& managed) {
  struct Entry {
    std::string_view key;
    const FieldManager* manager;
    const OwnedFields* owned;
    std::string time;
    auto Order() const {
      return std::tuple(!manager->applied, std::string_view(time), std::string_view(manager->name),
                        std::string_view(owned->api_version), std::string_view(manager->subresource));
    }
  };
  std::vector<Entry> entries;
  for (const auto& [key, owned] : managed.owners) {
    const auto time = managed.times.find(key);
    entries.push_back({key, &managed.managers.at(key), &owned, time == managed.times.end() ? "" : time->second});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.Order() < b.Order(); });
  std::vector<Value> list;
  for (const Entry& e : entries) {
    std::vector<Member> members{{"manager", arena.String(e.manager->name)},
                                {"operation", Arena::Borrow(e.manager->applied ? "Apply" : "Update")},
                                {"apiVersion", arena.String(e.owned->api_version)}};
    if (!e.time.empty()) members.push_back({"time", arena.String(e.time)});
    members.push_back({"fieldsType", Arena::Borrow("FieldsV1")});
    const auto read = managed.read.find(std::string(e.key));
    const bool same = read != managed.read.end() && e.owned->set.SharesNodesWith(read->second.set);
    members.push_back({"fieldsV1", same ? read->second.fields_v1 : FieldSetToManagedFields(arena, e.owned->set)});
    if (!e.manager->subresource.empty()) members.push_back({"subresource", arena.String(e.manager->subresource)});
    list.push_back(arena.Map(members));
  }
  return list.empty() ? Value() : arena.List(list);
}

void CapManagers(Arena& arena, ManagedFields* managed) {
  const auto time_of = [managed](const std::string& key) {
    const auto time = managed->times.find(key);
    return time == managed->times.end() ? std::string() : time->second;
  };
  std::vector<std::pair<std::string, std::string>> updaters;  // time and key, oldest first
  for (const auto& [key, owned] : managed->owners)
    if (!owned.applied) updaters.emplace_back(time_of(key), key);
  std::sort(updaters.begin(), updaters.end());
  size_t left = updaters.size();
  std::map<std::string, std::string> first_of_version;
  for (const auto& [time, key] : updaters) {
    if (left <= kMaxUpdateManagers) return;
    const OwnedFields owned = managed->owners.at(key);
    const auto [first, is_first] = first_of_version.try_emplace(owned.api_version, key);
    if (is_first) continue;  // a bucket of one would win nothing
    const std::string bucket = managed->Add({std::string(kOldManager), false, owned.api_version, ""});
    if (!managed->owners.contains(bucket)) {
      managed->owners[bucket] = managed->owners.at(first->second);
      managed->owners.erase(first->second);
    }
    managed->owners[bucket].set = Union(arena, owned.set, managed->owners[bucket].set);
    managed->owners.erase(key);
    managed->times[bucket] = time;
    --left;
  }
}

bool IsManagedFieldsReset(Value list) { return list.is_list() && list.size() == 1 && list[0].is_map() && list[0].empty(); }

}  // namespace plumb
