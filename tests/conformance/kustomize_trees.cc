// kustomize/kust-*.tar.xz: real kustomizations with what the program printed for each, byte for byte.
#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "core/json.h"
#include "core/memory_tree.h"
#include "plugins/kustomize/render.h"
#include "tests/conformance/registry.h"

namespace plumb::conformance {
namespace {

struct FreeArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};

// The files below the archive's one outer directory. Empty where it cannot be read.
std::map<std::string, std::string> ReadArchive(const std::string& path) {
  std::map<std::string, std::string> files;
  const std::unique_ptr<archive, FreeArchive> reader(archive_read_new());
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), 1 << 16) != ARCHIVE_OK) return {};
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    const std::string name = archive_entry_pathname(entry);
    std::string content(static_cast<size_t>(archive_entry_size(entry)), '\0');
    if (archive_read_data(reader.get(), content.data(), content.size()) != static_cast<la_ssize_t>(content.size())) return {};
    files.emplace(name.substr(name.find('/') + 1), std::move(content));
  }
  return files;
}

void Run(const std::string& path, Report& report) {
  std::map<std::string, std::string> files = ReadArchive(path);
  std::string list;
  for (const auto& [name, content] : files)
    if (name.starts_with("cases") && name.ends_with(".json")) list = content;
  const Result<Document> cases = ParseJson(list);
  if (!cases.ok()) return report.Fail(path, "no list of cases in the archive: " + cases.error().message());
  std::map<std::string, std::string> golden;
  for (auto it = files.begin(); it != files.end();) {
    if (!it->first.starts_with("golden/")) {
      ++it;
      continue;
    }
    golden.insert(std::move(*it));
    it = files.erase(it);
  }
  const MemoryTree tree(std::move(files));
  for (Value row : cases->root().items()) {
    const std::string name(row.GetString("dir"));
    RenderRequest request;
    request.tree = &tree;
    request.path = name;
    const Result<Rendered> rendered = RenderKustomize(request);
    const auto want = golden.find(std::string(row.GetString("golden")));
    if (want == golden.end()) {
      report.Check(name, !rendered.ok(), "rendered what must fail");
      continue;
    }
    if (!rendered.ok()) {
      report.Fail(name, rendered.error().message());
      continue;
    }
    const std::string got = WriteManifests(rendered->manifests);
    size_t same = 0;
    while (same < got.size() && same < want->second.size() && got[same] == want->second[same]) ++same;
    const size_t from = same < 200 ? 0 : same - 200;
    report.Check(name, got == want->second,
                 "differs at byte " + std::to_string(same) + "\nwant\n" + want->second.substr(from, 500) + "\ngot\n" + got.substr(std::min(from, got.size()), 500));
  }
}

const Runner kRunner("kustomize/kust-dev.tar.xz", Run);

}  // namespace
}  // namespace plumb::conformance
