// An address that is accepted never looks like an option to git or ssh, shows no password, means itself, and is the
// same when what is shown of it is read again; a listing of references is read or refused.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sources/git_refs.h"
#include "sources/git_url.h"

using namespace plumb;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto refs = ParseGitRefs(text); refs.ok()) (void)SelectGitRef(*refs, text.substr(0, 20));
  const auto url = ParseGitUrl(text);
  if (!url.ok()) return 0;
  if (url->text.starts_with('-') || url->host.starts_with('-') || url->user.starts_with('-')) std::abort();
  if (!SameRepository(text, url->text) || !SameRepository(url->text, text)) std::abort();
  const auto again = ParseGitUrl(url->text);
  if (!again.ok() || again->text != url->text || again->host != url->host || again->path != url->path ||
      !again->password.empty()) {
    std::abort();
  }
  const size_t line = text.find(' ');
  if (line != std::string_view::npos) (void)ResolveSubmoduleUrl(*url, text.substr(line + 1));
  return 0;
}
