// How an explanation is shown: as annotated YAML, and as JSON.
#include <algorithm>

#include "core/natural_order.h"
#include "core/yaml.h"
#include "plugins/kustomize/explain.h"

namespace plumb {
namespace {

constexpr size_t kWidestMargin = 60;

std::string OneLine(const FieldCause& cause) {
  if (cause.removed) return "absent";
  std::string text = WriteYaml(cause.value);
  while (text.ends_with('\n')) text.pop_back();
  const size_t end = text.find('\n');
  if (end != std::string::npos) text = text.substr(0, end) + " ...";
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

struct Line {
  std::string margin, text, remark;
};

class Writer {
 public:
  explicit Writer(const Explanation& explanation) : explanation_(explanation) {}

  std::string Run() {
    Write(*explanation_.object, "", "");
    size_t width = 0;
    for (const Line& line : lines_) width = std::max(width, std::min(line.margin.size(), kWidestMargin));
    std::string text;
    for (const Line& line : lines_) {
      text += line.margin + std::string(width - std::min(width, line.margin.size()), ' ') + " | " + line.text;
      text += (line.remark.empty() ? "" : "  # " + line.remark) + "\n";
    }
    for (const ExplainedField& field : explanation_.removed) {
      const FieldCause& last = field.causes.back();
      std::string path;
      for (const std::string& part : field.path) path += (path.empty() || part.starts_with('[') ? "" : ".") + part;
      const std::string was = field.causes.size() > 1 ? ", was " + OneLine(field.causes[field.causes.size() - 2]) + " by " +
                                                            field.causes[field.causes.size() - 2].ToString() : "";
      text += "removed: " + path + " by " + last.ToString() + was + "\n";
    }
    return text;
  }

 private:
  // The lines of `v`; `lead` stands before the first ("- "), `indent` before all.
  void Write(Value v, const std::string& indent, const std::string& lead) {
    std::string first = indent + lead;
    const std::string deeper = indent + std::string(lead.size(), ' ');
    std::vector<const Member*> members;
    for (const Member& m : v.members()) members.push_back(&m);
    std::stable_sort(members.begin(), members.end(), [](auto* a, auto* b) { return NaturalLess(a->key, b->key); });
    for (const Member* m : members) {
      path_.emplace_back(m->key);
      if (m->value.is_scalar() || m->value.empty()) {
        Leaf(arena_.Map({*m}), first, deeper);
      } else {
        std::string key = WriteYaml(arena_.Map({{m->key, arena_.Map({})}}));
        lines_.push_back({"", first + key.substr(0, key.rfind(" {}")), ""});
        Write(m->value, m->value.is_list() ? deeper : deeper + "  ", "");
      }
      path_.pop_back();
      first = deeper;
    }
    for (size_t i = 0; i < v.items().size(); ++i) {
      path_.push_back(std::to_string(i));
      if (v[i].is_scalar() || v[i].empty()) Leaf(arena_.List({v[i]}), first, deeper);
      else Write(v[i], deeper, "- ");
      path_.pop_back();
    }
  }

  void Leaf(Value document, const std::string& first, const std::string& deeper) {
    const auto found = std::find_if(explanation_.fields.begin(), explanation_.fields.end(), [&](const auto& f) { return f.path == path_; });
    Line line;
    if (found != explanation_.fields.end()) {
      line.margin = found->causes.back().ToString();
      for (size_t i = found->causes.size() - 1; i-- > 0;)
        line.remark += (line.remark.empty() ? "was " : "; ") + OneLine(found->causes[i]) + " (" + found->causes[i].ToString() + ")";
    }
    const std::string text = WriteYaml(document);
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      line.text = (at == 0 ? first : deeper) + text.substr(at, end - at);
      lines_.push_back(line);
      line = {};
      at = end + 1;
    }
  }

  const Explanation& explanation_;
  Arena arena_;
  std::vector<std::string> path_;
  std::vector<Line> lines_;
};

Value CauseJson(Arena& arena, const FieldCause& cause) {
  std::vector<Member> members = {{"file", arena.String(cause.file)}};
  if (cause.line > 0) members.push_back({"line", Arena::Int(cause.line)});
  if (!cause.step.empty()) {
    members.push_back({"kustomization", arena.String(cause.kustomization)});
    members.push_back({"step", arena.String(cause.step)});
  }
  if (cause.removed) members.push_back({"removed", Arena::Bool(true)});
  else members.push_back({"value", cause.value});
  return arena.Map(members);
}

Value FieldsJson(Arena& arena, const std::vector<ExplainedField>& fields) {
  std::vector<Value> list;
  for (const ExplainedField& field : fields) {
    std::vector<Value> path, earlier;
    for (const std::string& part : field.path) path.push_back(arena.String(part));
    for (size_t i = 0; i + 1 < field.causes.size(); ++i) earlier.push_back(CauseJson(arena, field.causes[i]));
    list.push_back(arena.Map({{"path", arena.List(path)}, {"setBy", CauseJson(arena, field.causes.back())}, {"before", arena.List(earlier)}}));
  }
  return arena.List(list);
}

}  // namespace

std::string FieldCause::ToString() const {
  std::string text = file + (line > 0 ? ":" + std::to_string(line) : "");
  if (step.empty()) return text;
  return text + " " + (file == kustomization ? step : "(" + step + ")");
}

std::string Explanation::ToText() const { return Writer(*this).Run(); }

Document Explanation::ToJson() const {
  return BuildDocument([&](Arena& arena) {
    const Value root = arena.Adopt(object);
    return arena.Map({{"object", root}, {"fields", FieldsJson(arena, fields)}, {"removed", FieldsJson(arena, removed)}});
  });
}

}  // namespace plumb
