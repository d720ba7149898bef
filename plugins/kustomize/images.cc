// Images: new names, tags, digests and tag suffixes.
#include <re2/re2.h>

#include "plugins/kustomize/node.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {
namespace {

struct ImageParts {
  std::string name, tag, digest;
};

ImageParts Split(std::string_view image) {
  // A colon before the first slash is that of a port, unless the image begins with the slash.
  const size_t slash = image.find('/');
  const size_t from = slash == std::string_view::npos || slash == 0 ? 0 : slash;
  const size_t at = image.find('@', from), colon = image.find(':', from);
  const auto text = [&](size_t begin, size_t end) { return std::string(image.substr(begin, end - begin)); };
  if (at == std::string_view::npos && colon == std::string_view::npos) return {std::string(image), "", ""};
  if (at != std::string_view::npos && (colon == std::string_view::npos || at < colon))
    return {text(0, at), "", text(at + 1, image.size())};
  if (at != std::string_view::npos) return {text(0, colon), text(colon + 1, at), text(at + 1, image.size())};
  return {text(0, colon), text(colon + 1, image.size()), ""};
}

class ImageSetter {
 public:
  // The name is a regular expression, as the documentation does not say but users rely on.
  ImageSetter(Arena& arena, const ImageArgs& args)
      : arena_(arena), args_(args),
        pattern_("^" + args.name + "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$", RE2::Quiet) {}

  Result<Value> operator()(Value old) const {
    if (!old.is_scalar()) return Invalid("an image must be a string, found a " + std::string(KindName(old.kind())));
    if (!pattern_.ok()) return Invalid("image name '" + args_.name + "' is not a regular expression: " + pattern_.error());
    const std::string image = ScalarText(old);
    if (!RE2::PartialMatch(image, pattern_)) return old;
    ImageParts parts = Split(image);
    if (!args_.new_name.empty()) parts.name = args_.new_name;
    if (!args_.new_tag.empty() || !args_.digest.empty()) {
      parts.tag = args_.new_tag;
      parts.digest = args_.digest;
    } else if (!args_.tag_suffix.empty()) {
      parts.tag += args_.tag_suffix;
      parts.digest.clear();
    }
    std::string changed = parts.name;
    if (!parts.tag.empty()) changed += ":" + parts.tag;
    if (!parts.digest.empty()) changed += "@" + parts.digest;
    // The text has no type of its own: what is written over it later decides.
    return UntypedOver(arena_, old, changed);
  }

  // Every `image` of the items of `containers` and `initContainers` lists, however deep they are.
  Result<Value> InContainers(Value node) const {
    if (node.is_list()) {
      std::vector<Value> items;
      bool changed = false;
      for (Value item : node.items()) {
        PLUMB_TRY(result, InContainers(item));
        changed = changed || !result.SameAs(item);
        items.push_back(result);
      }
      return changed ? arena_.List(items) : node;
    }
    if (!node.is_map()) return node;
    std::vector<Member> members;
    bool changed = false;
    for (const Member& m : node.members()) {
      PLUMB_TRY(inner, InContainers(m.value));
      Value value = inner;
      if ((m.key == "containers" || m.key == "initContainers") && value.is_list()) {
        PLUMB_TRY(set, InList(value), "'" + std::string(m.key) + "'");
        value = set;
      }
      changed = changed || !value.SameAs(m.value);
      members.push_back({m.key, value});
    }
    return changed ? arena_.Map(members) : node;
  }

 private:
  Result<Value> InList(Value list) const {
    std::vector<Value> items;
    bool changed = false;
    for (Value item : list.items()) {
      if (!item.is_map() && !item.is_null())
        return Invalid("an item must be a map, found a " + std::string(KindName(item.kind())));
      if (const Value* image = item.Find("image")) {
        PLUMB_OK(CheckMemory(arena_));
        PLUMB_TRY(set, (*this)(*image));
        if (!set.SameAs(*image)) {
          item = With(arena_, item, "image", set);
          changed = true;
        }
      }
      items.push_back(item);
    }
    return changed ? arena_.List(items) : list;
  }

  Arena& arena_;
  const ImageArgs& args_;
  const RE2 pattern_;
};

// A definition's schema may have fields of these names; they hold no images.
bool HasNoImages(Value object) { return ScalarText(object.Get("kind")) == "CustomResourceDefinition"; }

}  // namespace

Result<Value> SetContainerImages(Arena& arena, Value object, const ImageArgs& image) {
  return HasNoImages(object) ? object : ImageSetter(arena, image).InContainers(object);
}

Result<Value> SetImageFields(Arena& arena, Value object, const ImageArgs& image, const FieldSpecs& fields) {
  if (HasNoImages(object)) return object;
  const ImageSetter setter(arena, image);
  return ApplyFieldSpecs(arena, object, fields, Create::kNothing, [&](Value old) { return setter(old); });
}

Status ApplyImage(Arena& arena, ResMap& map, const ImageArgs& image, const FieldSpecs& fields) {
  const ImageSetter setter(arena, image);
  const SetField set = [&](Value old) { return setter(old); };
  // First all containers, then all fields: a tag suffix is added by both.
  for (Resource& resource : map) {
    if (HasNoImages(resource.root)) continue;
    const std::string context = "images of " + resource.CurrentId().ToString();
    PLUMB_TRY(walked, setter.InContainers(resource.root), context);
    PLUMB_TRY(changed, ApplyFieldSpecs(arena, walked, fields, Create::kNothing, set), context);
    resource.root = changed;
  }
  return Ok();
}

}  // namespace plumb::kustomize
