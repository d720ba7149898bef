#include "diff/json_patch.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "diff/draft.h"

namespace plumb {

namespace {

// What a copied subtree would take as JSON, roughly; stops counting above `limit`.
size_t CountBytes(Value v, size_t limit) {
  size_t n = 4 + v.AsString().size();
  for (Value item : v.items()) {
    if (n > limit) return n;
    n += CountBytes(item, limit - n);
  }
  for (const Member& m : v.members()) {
    if (n > limit) return n;
    n += m.key.size() + 3;
    if (n <= limit) n += CountBytes(m.value, limit - n);
  }
  return n;
}

using Pointer = std::vector<std::string>;

class Patcher {
 public:
  Patcher(Arena& arena, Value document, const JsonPatchOptions& options)
      : arena_(arena), options_(options), root_(document) {}

  Status Apply(Value operation) {
    const std::string_view op = operation.GetString("op");
    if (op == "add") return Add(operation);
    if (op == "remove") return Remove(operation);
    if (op == "replace") return Replace(operation);
    if (op == "move") return Move(operation);
    if (op == "copy") return Copy(operation);
    if (op == "test") return Test(operation);
    if (!operation.Has("op")) return Invalid("'op' is missing; expected add, remove, replace, move, copy or test");
    return Invalid(fmt::format("unknown 'op' \"{}\"; expected add, remove, replace, move, copy or test", op));
  }

  Value Finish() { return root_.Freeze(arena_); }

 private:
  // A place: the container and the last token. No container: the root itself.
  struct Place {
    Draft* container = nullptr;
    std::string token;
  };

  static Result<Pointer> PointerOf(Value operation, std::string_view member) {
    const Value* text = operation.Find(member);
    if (!text || !text->is_string()) return Invalid(fmt::format("'{}' is missing or not a string", member));
    return ParseJsonPointer(text->AsString());
  }

  static Result<Value> ValueOf(Value operation) {
    const Value* value = operation.Find("value");
    if (!value) return Invalid("'value' is missing");
    return *value;
  }

  // The index that `token` names in a list of `size` items; `end` allows one past the last, and "-".
  Result<size_t> Index(std::string_view token, size_t size, bool end) const {
    if (token == "-") {
      if (end) return size;
      return Invalid("\"-\" names the place after the last item, where nothing is");
    }
    const bool negative = options_.negative_indices && token.starts_with('-');
    const std::string_view digits = token.substr(negative ? 1 : 0);
    const bool number = !digits.empty() && digits.size() <= 9 &&
                        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
                        (digits.size() == 1 || digits[0] != '0');
    if (!number) return Invalid(fmt::format("\"{}\" is no index of a list", token));
    size_t index = static_cast<size_t>(std::stoul(std::string(digits)));
    const size_t bound = size + (end ? 1 : 0);
    if (negative) {
      if (index == 0 || index > bound) return Invalid(fmt::format("index {} is outside a list of {} items", token, size));
      return bound - index;
    }
    if (index >= bound) return Invalid(fmt::format("index {} is outside a list of {} items", index, size));
    return index;
  }

  Result<Draft*> Child(Draft& container, std::string_view token) const {
    if (container.is_map()) {
      if (Draft* child = container.Find(token)) return child;
      return Invalid(fmt::format("there is no key \"{}\"", token));
    }
    if (!container.is_list())
      return Invalid(fmt::format("\"{}\" looks inside a {}", token, KindName(container.kind())));
    PLUMB_TRY(index, Index(token, container.size(), false));
    return container.At(index);
  }

  Result<Draft*> Find(const Pointer& pointer) {
    Draft* at = &root_;
    for (const std::string& token : pointer) {
      PLUMB_TRY(child, Child(*at, token));
      at = child;
    }
    return at;
  }

  Result<Place> FindPlace(const Pointer& pointer) {
    if (pointer.empty()) return Place{};
    PLUMB_TRY(container, Find(Pointer(pointer.begin(), pointer.end() - 1)));
    return Place{container, pointer.back()};
  }

  Status Put(const Pointer& pointer, Draft value) {
    if (pointer.size() + value.Depth() > options_.depth)
      return LimitExceeded(fmt::format("the result is nested deeper than {} levels", options_.depth));
    PLUMB_TRY(place, FindPlace(pointer));
    if (!place.container) {
      root_ = std::move(value);
      return Ok();
    }
    if (place.container->is_map()) {
      place.container->Set(arena_.Key(place.token), std::move(value));
      return Ok();
    }
    if (!place.container->is_list())
      return Invalid(fmt::format("\"{}\" would be added inside a {}", place.token, KindName(place.container->kind())));
    PLUMB_TRY(index, Index(place.token, place.container->size(), true));
    place.container->Insert(index, std::move(value));
    return Ok();
  }

  // Takes the node out of the tree.
  Result<Draft> Take(const Pointer& pointer) {
    PLUMB_TRY(place, FindPlace(pointer));
    if (!place.container) {
      Draft old = std::move(root_);
      root_ = Draft();
      return old;
    }
    PLUMB_TRY(node, Child(*place.container, place.token));
    Draft taken = std::move(*node);
    if (place.container->is_map()) {
      place.container->Remove(place.token);
    } else {
      PLUMB_TRY(index, Index(place.token, place.container->size(), false));
      place.container->Remove(index);
    }
    return taken;
  }

  Status Add(Value operation) {
    PLUMB_TRY(path, PointerOf(operation, "path"));
    PLUMB_TRY(value, ValueOf(operation));
    return Put(path, Draft(value));
  }

  Status Remove(Value operation) {
    PLUMB_TRY(path, PointerOf(operation, "path"));
    PLUMB_OK(Take(path));
    return Ok();
  }

  Status Replace(Value operation) {
    PLUMB_TRY(path, PointerOf(operation, "path"));
    PLUMB_TRY(value, ValueOf(operation));
    Draft draft(value);
    if (path.size() + draft.Depth() > options_.depth)
      return LimitExceeded(fmt::format("the result is nested deeper than {} levels", options_.depth));
    if (options_.replace_adds_keys && !path.empty()) {
      PLUMB_TRY(place, FindPlace(path));
      if (place.container->is_map()) return Put(path, std::move(draft));
    }
    PLUMB_TRY(node, Find(path));
    *node = std::move(draft);
    return Ok();
  }

  Status Move(Value operation) {
    PLUMB_TRY(from, PointerOf(operation, "from"));
    PLUMB_TRY(path, PointerOf(operation, "path"));
    if (from == path) {
      PLUMB_OK(Find(from));
      return Ok();
    }
    if (from.size() < path.size() && std::equal(from.begin(), from.end(), path.begin()))
      return Invalid("a value cannot be moved into itself");
    PLUMB_TRY(taken, Take(from), "from");
    return Put(path, std::move(taken));
  }

  Status Copy(Value operation) {
    PLUMB_TRY(from, PointerOf(operation, "from"));
    PLUMB_TRY(path, PointerOf(operation, "path"));
    PLUMB_TRY(node, Find(from), "from");
    const Value value = node->Freeze(arena_);
    copied_ += CountBytes(value, options_.copied_bytes);
    if (copied_ > options_.copied_bytes)
      return LimitExceeded(fmt::format("the copies together are larger than {} bytes", options_.copied_bytes));
    return Put(path, Draft(value));
  }

  Status Test(Value operation) {
    PLUMB_TRY(path, PointerOf(operation, "path"));
    PLUMB_TRY(want, ValueOf(operation));
    auto found = Find(path);
    if (!found.ok()) {
      if (options_.absent_tests_as_null && want.is_null() && FindPlaceIsMap(path)) return Ok();
      return Conflict("test failed: " + found.error().message());
    }
    if (!((*found)->Freeze(arena_) == want)) return Conflict("test failed: the value there is another");
    return Ok();
  }

  bool FindPlaceIsMap(const Pointer& path) {
    auto place = FindPlace(path);
    return place.ok() && place->container && place->container->is_map();
  }

  Arena& arena_;
  const JsonPatchOptions& options_;
  Draft root_;
  size_t copied_ = 0;
};

}  // namespace

Result<std::vector<std::string>> ParseJsonPointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer[0] != '/') return Invalid(fmt::format("\"{}\" is no JSON pointer; it must begin with '/'", pointer));
  for (size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (pointer[i] != '~') {
      tokens.back() += pointer[i];
    } else if (i + 1 < pointer.size() && (pointer[i + 1] == '0' || pointer[i + 1] == '1')) {
      tokens.back() += pointer[++i] == '0' ? '~' : '/';
    } else {
      return Invalid(fmt::format("\"{}\" is no JSON pointer; write '~' as \"~0\"", pointer));
    }
  }
  return tokens;
}

std::string EscapeJsonPointer(std::string_view token) {
  std::string out;
  for (char c : token) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

Result<Value> ApplyJsonPatch(Arena& arena, Value document, Value patch, const JsonPatchOptions& options) {
  if (!patch.is_list())
    return Invalid(fmt::format("a JSON patch is a list of operations, not a {}", KindName(patch.kind())));
  if (patch.size() > options.operations)
    return LimitExceeded(fmt::format("the patch has {} operations; at most {} are allowed", patch.size(), options.operations));
  Patcher patcher(arena, document, options);
  for (size_t i = 0; i < patch.size(); ++i) {
    const Value operation = patch[i];
    if (!operation.is_map())
      return Invalid(fmt::format("operation {}: expected a map, found a {}", i + 1, KindName(operation.kind())));
    if (Status applied = patcher.Apply(operation); !applied.ok())
      return applied.error().Wrap(
          fmt::format("operation {} ({} \"{}\")", i + 1, operation.GetString("op"), operation.GetString("path")));
  }
  return patcher.Finish();
}

}  // namespace plumb
