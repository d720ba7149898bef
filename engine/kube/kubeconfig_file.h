// Kubeconfig files read and merged; used by kubeconfig.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"

namespace plumb::kube {

// One named entry of clusters, users or contexts, with the file it came from.
struct KubeconfigEntry {
  std::string section, name;  // "users", "admin"
  std::string file;
  Document value;             // the part under "user", "cluster" or "context"

  // "kubeconfig '/f': users[admin].token", for messages.
  std::string At(std::string_view field) const;
  // A string field, "" where absent or null. Errors: kInvalid, another kind.
  Result<std::string> String(std::string_view field) const;
  Result<bool> Bool(std::string_view field) const;
  // `data_field` decoded, else the content of the file `file_field` names (relative to the kubeconfig), else "".
  Result<std::string> DataOrFile(std::string_view data_field, std::string_view file_field) const;
  // A path as the kubeconfig means it: relative to the folder it is in.
  std::string Resolve(const std::string& path) const;
};

struct Kubeconfig {
  std::vector<std::string> files;  // that exist, in order
  std::string current_context;
  std::vector<KubeconfigEntry> entries;

  const KubeconfigEntry* Find(std::string_view section, std::string_view name) const;
  std::vector<std::string> Names(std::string_view section) const;
};

// Reads the files in order: the first to define an entry or the current context wins. A missing file is skipped unless
// `must_exist`. Errors: kNotFound, kInvalid "kubeconfig '/f': 3:1: ...".
Result<Kubeconfig> ReadKubeconfig(const std::vector<std::string>& files, bool must_exist);

}  // namespace plumb::kube
