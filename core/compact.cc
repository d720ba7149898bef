// A deep copy in one block: a first walk adds up what is needed, a second fills it - arrays from its start, text behind
// them. Equal short texts are stored once: an object's name stands in its labels, selectors and references too.
#include <cstring>

#include "core/arena.h"

namespace plumb {

class Arena::Compactor {
 public:
  Document Run(Value v) {
    Measure(v);
    arena_->AddBlock(arrays_bytes_ + text_bytes_);
    text_ = reinterpret_cast<char*>(arena_->next_) + arrays_bytes_;
    arena_->left_ = arrays_bytes_;
    texts_ = {};
    const Value root = Copy(v);
    arena_->left_ = 0;
    return {std::move(arena_), root};
  }

 private:
  static constexpr size_t kSharedText = 64;  // bytes; a longer text is hardly there twice

  static size_t FloatBytes(Value v) { return (sizeof(double) + v.FloatText().size() + 7) / 8 * 8; }

  void MeasureText(std::string_view text) {
    if (text.size() <= kSharedText) {
      std::string_view& known = texts_.Slot(text);
      if (known.data()) return;
      known = text;
    }
    text_bytes_ += text.size();
  }

  void Measure(Value v) {
    if (v.is_string()) MeasureText(v.AsString());
    if (v.is_float()) arrays_bytes_ += FloatBytes(v);
    arrays_bytes_ += v.items().size_bytes();
    for (const Value item : v.items()) Measure(item);
    arrays_bytes_ += (MapBytes(v.members()) + 7) / 8 * 8;
    for (const Member& m : v.members()) {
      MeasureText(m.key);
      Measure(m.value);
    }
  }

  std::string_view Text(std::string_view text) {
    if (text.empty()) return std::string_view("");
    std::string_view* known = text.size() <= kSharedText ? &texts_.Slot(text) : nullptr;
    if (known && known->data()) return *known;
    std::memcpy(text_, text.data(), text.size());
    const std::string_view copy(text_, text.size());
    text_ += text.size();
    if (known) *known = copy;
    return copy;
  }

  Value Copy(Value v) {
    switch (v.kind()) {
      case Kind::kString: return Borrow(Text(v.AsString()));
      case Kind::kFloat: return arena_->Float(v.AsDouble(), v.FloatText());
      case Kind::kList: {
        std::vector<Value> items;
        items.reserve(v.size());
        for (const Value item : v.items()) items.push_back(Copy(item));
        return arena_->List(items);
      }
      case Kind::kMap: {
        std::vector<Member> members;
        members.reserve(v.size());
        for (const Member& m : v.members()) members.push_back({Text(m.key), Copy(m.value)});
        return arena_->Map(members);
      }
      // A spelling (YamlOptions::as_written) is let go: its text is in the arena that is left.
      case Kind::kBool: return Bool(v.AsBool());
      case Kind::kInt: return Int(v.AsInt());
      case Kind::kNull: break;
    }
    return v.is_bare_null() ? BareNull() : Null();
  }

  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
  KeySet texts_;
  size_t arrays_bytes_ = 0, text_bytes_ = 0;
  char* text_ = nullptr;
};

Document Compacted(Value v) { return Arena::Compactor().Run(v); }

}  // namespace plumb
