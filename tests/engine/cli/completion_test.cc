// The completion scripts in the shells that they are for: what a user gets who presses Tab.
#include <gtest/gtest.h>

#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

struct Typed {
  const char* line;  // up to the cursor
  const char* want;  // the words offered, or "" for none of ours (files)
};

constexpr Typed kTyped[] = {
    {"plumb ren", "render"},
    {"plumb diff --rep", "--repo"},
    {"plumb diff --output mark", "markdown"},
    {"plumb diff -o mark", "markdown"},
    {"plumb diff --output=mark", "markdown"},
    {"plumb render --output y", "yaml"},
    {"plumb apply --log-format j", "json"},
    {"plumb completion z", "zsh"},
    {"plumb help sandb", "sandbox"},
    {"plumb explain appl", "application"},
    {"plumb apply --repo markd", ""},
};

TEST(Completion, InBash) {
  TempDirectory directory;
  const std::string script = R"(
source <("$PLUMB" completion bash)
# Splits a line as readline does ("=" is a word of its own) and prints what the function offers.
offer() {
  local line=${1//=/ = }
  read -ra COMP_WORDS <<<"$line"
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
  _plumb
  echo "${COMPREPLY[*]}"
}
while IFS= read -r line; do offer "$line"; done
)";
  WriteAll(directory / "offer.sh", script);
  std::string lines, want;
  for (const Typed& typed : kTyped) {
    lines += std::string(typed.line) + "\n";
    want += std::string(typed.want) + "\n";
  }
  const Outcome bash = Execute({"bash", directory / "offer.sh"}, {{"PLUMB", PlumbProgram()}}, lines);
  EXPECT_EQ(bash.out, want) << bash.err;
  EXPECT_EQ(bash.err, "");
}

TEST(Completion, InZsh) {
  if (Execute({"zsh", "--version"}).status != 0) GTEST_SKIP() << "zsh is not installed";
  TempDirectory directory;
  // An interactive zsh on a terminal of its own: each line is typed, Tab pressed, and Ctrl-X prints what then stands there.
  const std::string script = R"(
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; PS2=; unsetopt zle_bracketed_paste; unset zle_bracketed_paste; autoload -U compinit; compinit -u -D'
zpty -w shell 'show() { print -r -- "<$BUFFER>"; BUFFER= }; zle -N show; bindkey "^X" show; setopt no_beep no_auto_list'
zpty -w shell "source <('$PLUMB' completion zsh); print rea''dy"
zpty -m -r shell output '*ready*'
while IFS= read -r line; do
  zpty -n -w shell "$line"$'\t\x18'
  zpty -m -r shell output '*<*>*'
  print -r -- ${${output#*<}%%>*}
done
zpty -d shell
)";
  WriteAll(directory / "offer.zsh", script);
  std::string lines, want;
  for (const Typed& typed : kTyped) {
    if (*typed.want == '\0') continue;
    const std::string line = typed.line;
    lines += line + "\n";
    want += line.substr(0, line.find_last_of(" =") + 1) + typed.want + "\n";
  }
  const Outcome zsh = Execute({"zsh", "-f", directory / "offer.zsh"}, {{"PLUMB", PlumbProgram()}, {"TERM", "xterm"}, {"HOME", directory.path()}}, lines);
  std::string got;
  for (const char c : zsh.out)
    if (c != '\r') got += c;
  for (size_t at; (at = got.find("=\n")) != std::string::npos;) got.erase(at, 1);  // what zsh takes back where a space follows
  for (size_t at; (at = got.find(" \n")) != std::string::npos;) got.erase(at, 1);  // the space after a whole word
  EXPECT_EQ(got, want) << zsh.err;
}

}  // namespace
}  // namespace plumb::e2e
