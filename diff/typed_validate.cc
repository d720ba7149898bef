#include <algorithm>

#include "diff/list_elements.h"
#include "diff/typed.h"

namespace plumb {

Shape ShapeOf(const Type& type, Value value) {
  if (value.is_map() && type.is_map) return Shape::kMap;
  if (value.is_list() && type.is_list) return Shape::kList;
  if (value.is_scalar() && !value.is_null() && type.scalar != ScalarType::kNone) return Shape::kScalar;
  if (type.is_map) return Shape::kMap;
  return type.scalar != ScalarType::kNone || !type.is_list ? Shape::kScalar : Shape::kList;
}

namespace {

constexpr size_t kMaxErrors = 50;  // of one object; more say nothing new

class Validator {
 public:
  Validator(const MergeProfile& profile, Duplicates duplicates) : profile_(profile), duplicates_(duplicates) {}

  void Visit(Value value, const Type* type) {
    switch (ShapeOf(*type, value)) {
      case Shape::kScalar: return VisitScalar(value, type->scalar);
      case Shape::kList: return VisitList(value, *type);
      case Shape::kMap: return VisitMap(value, *type);
    }
  }

  Status Finish() const {
    if (errors_.empty()) return Ok();
    if (errors_.size() == 1) return Invalid(errors_[0]);
    std::string all = "errors:";
    for (const std::string& error : errors_) all += "\n  " + error;
    return Invalid(all);
  }

 private:
  void VisitScalar(Value value, ScalarType type) {
    if (value.is_null()) return;
    const std::string got(KindName(value.kind()));
    switch (type) {
      case ScalarType::kNumeric:
        if (!value.is_number()) Fail("expected numeric (int or float), got " + got);
        return;
      case ScalarType::kString:
        if (!value.is_string()) Fail("expected string, got " + got);
        return;
      case ScalarType::kBoolean:
        if (!value.is_bool()) Fail("expected boolean, got " + got);
        return;
      default:
        if (!value.is_scalar()) Fail("expected any scalar, got " + got);
    }
  }

  void VisitList(Value value, const Type& type) {
    if (value.is_null()) return;
    if (!value.is_list()) return Fail("expected list, got " + std::string(KindName(value.kind())));
    if (type.list_type == ListType::kAtomic) {
      for (size_t i = 0; i < value.size(); ++i) Descend(PathElement::Index(static_cast<int64_t>(i)), value[i], type.item);
      return;
    }
    std::vector<PathElement> elements;
    elements.reserve(value.size());
    std::string error;
    for (size_t i = 0; i < value.size(); ++i) {
      PathElement element;
      if (!ElementOf(arena_, type, value[i], profile_, &element, &error)) {
        Fail("element " + std::to_string(i) + ": " + error);
        continue;
      }
      elements.push_back(element);
      Descend(element, value[i], type.item);
    }
    if (duplicates_ == Duplicates::kAllow) return;
    const ElementIndex index(elements);
    if (!index.has_repeats()) return;
    for (size_t i = 0; i < elements.size(); ++i)
      if (index.Find(elements[i]) != i) Fail("duplicate entries for key " + FieldPath({ToStep(elements[i])}).ToKubernetesString());
  }

  void VisitMap(Value value, const Type& type) {
    if (value.is_null()) return;
    if (!value.is_map()) return Fail("expected map, got " + std::string(KindName(value.kind())));
    for (const Member& m : value.members()) {
      const Type* below = type.Member(m.key);
      if (below) Descend(PathElement::Field(m.key), m.value, below);
      else FailAt(PathElement::Field(m.key), "field not declared in schema");
    }
  }

  void Descend(const PathElement& element, Value value, const Type* type) {
    path_.push_back(element);
    Visit(value, type);
    path_.pop_back();
  }

  void FailAt(const PathElement& element, std::string message) {
    path_.push_back(element);
    Fail(std::move(message));
    path_.pop_back();
  }

  void Fail(std::string message) {
    if (errors_.size() >= kMaxErrors) return;
    FieldPath path;
    for (const PathElement& element : path_) path.Push(ToStep(element));
    errors_.push_back(path.empty() ? message : path.ToKubernetesString() + ": " + message);
  }

  const MergeProfile& profile_;
  const Duplicates duplicates_;
  Arena arena_;  // of the elements' keys
  std::vector<PathElement> path_;
  std::vector<std::string> errors_;
};

}  // namespace

Status ValidateTyped(Value value, const Type* type, const MergeProfile& profile, Duplicates duplicates) {
  Validator validator(profile, profile.live_duplicates ? duplicates : Duplicates::kRefuse);
  validator.Visit(value, type);
  return validator.Finish();
}

}  // namespace plumb
