#include "engine/review/images.h"

#include <algorithm>
#include <map>

#include "core/value.h"

namespace plumb {

namespace {

// Images by where they stand: "container web", "spec.image". Lists go by the names of their items.
void Collect(Value v, const std::string& place, int depth, std::map<std::string, std::string>& out) {
  if (depth > 40) return;
  for (const Member& m : v.members()) {
    if (m.key == "image" && m.value.is_string()) out[place] = m.value.AsString();
    // A schema describes an image, and a status repeats one.
    else if (m.key != "status" && m.key != "openAPIV3Schema") Collect(m.value, m.key == "spec" || m.key == "template" ? place : std::string(m.key), depth + 1, out);
  }
  for (size_t i = 0; i < v.size() && v.is_list(); ++i) {
    const std::string_view name = v[i].GetString("name");
    const std::string word = place == "containers" ? "container" : place == "initContainers" ? "init container" : place;
    Collect(v[i], word + " " + (name.empty() ? std::to_string(i) : std::string(name)), depth + 1, out);
  }
}

std::map<std::string, std::string> ImagesOf(Value object) {
  std::map<std::string, std::string> out;
  Collect(object, "", 0, out);
  return out;
}

}  // namespace

void ImageChanges::Add(const ObjectId& id, Value before, Value after) {
  const auto old = ImagesOf(before), now = ImagesOf(after);
  const auto user = [&](const std::string& place) { return id.ToString() + (place.empty() ? "" : " (" + place + ")"); };
  for (const auto& [place, image] : now) {
    const auto had = old.find(place);
    if (had == old.end() || had->second != image) uses_.push_back({had == old.end() ? "" : had->second, image, user(place)});
  }
  for (const auto& [place, image] : old)
    if (!now.contains(place)) uses_.push_back({image, "", user(place)});
}

std::vector<ImageChange> ImageChanges::Take() const {
  std::vector<Use> uses = uses_;
  std::sort(uses.begin(), uses.end());
  std::vector<ImageChange> out;
  for (Use& use : uses) {
    if (out.empty() || out.back().before != use.before || out.back().after != use.after) out.push_back({use.before, use.after, {}});
    out.back().users.push_back(std::move(use.user));
  }
  return out;
}

}  // namespace plumb
