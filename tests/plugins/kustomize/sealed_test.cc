// The renderer reads only through the tree it is given: its code asks for no function that opens, lists or starts anything.
#include <gtest/gtest.h>

#include <regex>

#include "core/process.h"

namespace plumb {
namespace {

TEST(KustomizeSealed, TheRoomCannotOpenAFileOrStartAProgramByItself) {
  const auto symbols = ProcessRunner::Real().Run({.argv = {"nm", "--undefined-only", "--demangle", PLUMB_KUSTOMIZE_LIBRARY}});
  if (!symbols.ok() || !symbols->ok()) GTEST_SKIP() << "nm cannot read " << PLUMB_KUSTOMIZE_LIBRARY;
  ASSERT_NE(symbols->out.find("plumb::ParseYaml"), std::string::npos) << "this is the right library";
  const std::regex forbidden(
      R"( U (open(at)?(64)?|fopen(64)?|creat|read|pread|mmap|opendir|fdopendir|readlink(at)?|stat(64)?|lstat|fstatat|socket|connect|getaddrinfo|fork|vfork|exec\w*|posix_spawnp?|popen|system|dlopen|getenv|)"
      R"(std::(__cxx11::)?basic_(if|of|f)stream.*|std::basic_filebuf.*|std::filesystem::(status|exists|read|copy|remove|directory|current_path|canonical|absolute|file_size).*|plumb::(ProcessRunner|OpenDirectoryTree|FindProgram).*)\n)");
  std::smatch found;
  EXPECT_FALSE(std::regex_search(symbols->out, found, forbidden)) << found.str();
}

}  // namespace
}  // namespace plumb
