#include "diff/embedded_schema.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/json.h"

// The table's bytes, put into the program by the assembler. PLUMB_SCHEMA_TABLE is its path, from CMakeLists.txt.
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    "plumb_schema_table_begin:\n"
    ".incbin \"" PLUMB_SCHEMA_TABLE "\"\n"
    "plumb_schema_table_end:\n"
    ".popsection\n");
extern "C" const char plumb_schema_table_begin[];
extern "C" const char plumb_schema_table_end[];

namespace plumb {

namespace {

std::vector<std::string> Strings(Value list) {
  std::vector<std::string> out;
  for (Value item : list.items()) out.emplace_back(item.AsString());
  return out;
}

Gvk GvkIn(Value v) {
  return {std::string(v.GetString("group")), std::string(v.GetString("version")), std::string(v.GetString("kind"))};
}

// The lines of the table by what they hold; definitions are parsed when asked for and kept.
class Table {
 public:
  static Table& Get() {
    static Table* const table = new Table;  // read until the very end of the program
    return *table;
  }

  // nullptr where there is none.
  const Value* Definition(std::string_view name) {
    MutexLock lock(mu_);
    const auto found = definitions_.find(name);
    if (found == definitions_.end()) return nullptr;
    Entry& entry = found->second;
    if (!entry.document.arena()) {
      Result<Document> parsed = ParseJson(entry.json);
      if (parsed.ok()) entry.document = *std::move(parsed);
      entry.root = entry.document.root();
    }
    return &entry.root;
  }

  std::string_view Go(std::string_view name) const {
    const auto found = go_.find(name);
    return found == go_.end() ? std::string_view() : found->second;
  }
  std::string_view version() const { return version_; }
  const std::vector<EmbeddedResource>& resources() const { return resources_; }
  const EmbeddedResource* Find(const Gvk& gvk) const {
    const auto found = by_kind_.find(gvk);
    return found == by_kind_.end() ? nullptr : &resources_[found->second];
  }
  const std::vector<std::pair<Gvk, std::string>>& kinds() const { return kinds_; }

 private:
  struct Entry {
    std::string_view json;
    Document document;
    Value root;
  };

  Table() {
    std::string_view rest(plumb_schema_table_begin, static_cast<size_t>(plumb_schema_table_end - plumb_schema_table_begin));
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      AddLine(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    for (size_t i = 0; i < resources_.size(); ++i) by_kind_.emplace(resources_[i].gvk, i);
  }

  void AddLine(std::string_view line) {
    const size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
    if (word == "version") version_ = line;
    if (word == "resource") AddResource(line);
    const size_t gap = std::min(line.find(' '), line.size());
    const std::string_view name = line.substr(0, gap), rest = line.substr(std::min(gap + 1, line.size()));
    if (word == "definition") AddDefinition(name, rest);
    if (word == "go") go_.emplace(name, rest);
  }

  void AddResource(std::string_view json) {
    Result<Document> parsed = ParseJson(json);
    if (!parsed.ok()) return;
    const Value v = parsed->root();
    EmbeddedResource r;
    r.gvk = GvkIn(v);
    r.plural = v.GetString("plural");
    r.singular = v.GetString("singular");
    r.short_names = Strings(v.Get("shortNames"));
    r.categories = Strings(v.Get("categories"));
    r.verbs = Strings(v.Get("verbs"));
    r.namespaced = v.Get("namespaced").AsBool();
    r.preview = r.gvk.version.find("alpha") != std::string::npos || r.gvk.version.find("beta") != std::string::npos;
    for (Value sub : v.Get("subresources").items())
      r.subresources.push_back({std::string(sub.GetString("name")), GvkIn(sub), Strings(sub.Get("verbs"))});
    resources_.push_back(std::move(r));
  }

  // The kinds of a definition are at its end; only they are parsed now.
  void AddDefinition(std::string_view name, std::string_view json) {
    definitions_.emplace(name, Entry{json, {}, {}});
    constexpr std::string_view kKey = "\"x-kubernetes-group-version-kind\":";
    const size_t at = json.find(kKey);
    if (at == std::string_view::npos) return;
    const size_t begin = at + kKey.size(), end = json.find(']', begin);
    if (end == std::string_view::npos) return;
    if (Result<Document> parsed = ParseJson(json.substr(begin, end + 1 - begin)); parsed.ok())
      for (Value gvk : parsed->root().items()) kinds_.emplace_back(GvkIn(gvk), name);
  }

  std::string_view version_;
  std::vector<EmbeddedResource> resources_;
  std::map<Gvk, size_t> by_kind_;
  std::vector<std::pair<Gvk, std::string>> kinds_;
  std::unordered_map<std::string_view, std::string_view> go_;
  Mutex mu_;
  std::unordered_map<std::string_view, Entry> definitions_;  // the map never changes; the entries do, under mu_
};

}  // namespace

SchemaPtr EmbeddedSchema() {
  static const SchemaPtr* const schema = [] {
    Schema::Source source;
    source.kinds = Table::Get().kinds();
    source.lookup = [](std::string_view name) { return Table::Get().Definition(name); };
    std::vector<Schema::Source> sources;
    sources.push_back(std::move(source));
    return new SchemaPtr(std::make_shared<const Schema>(std::move(sources)));
  }();
  return *schema;
}

const std::vector<EmbeddedResource>& EmbeddedResources() { return Table::Get().resources(); }

const EmbeddedResource* FindEmbeddedResource(const Gvk& gvk) { return Table::Get().Find(gvk); }

Value EmbeddedDefinition(std::string_view name) {
  const Value* found = Table::Get().Definition(name);
  return found ? *found : Value();
}

std::string_view EmbeddedGoType(std::string_view name) { return Table::Get().Go(name); }

std::string_view EmbeddedVersion() { return Table::Get().version(); }

}  // namespace plumb
