// plumb completion bash|zsh: scripts made from the table of commands, so that they cannot go stale.
#include <fmt/core.h>

#include "core/json.h"
#include "engine/cli/command.h"

namespace plumb::cli {

namespace {

std::string Words(const std::vector<Flag>& flags) {
  std::string words;
  for (const Flag& flag : flags) words += (words.empty() ? "--" : " --") + flag.name;
  return words;
}

std::string Bash() {
  std::string names, cases;
  for (const Command& command : Commands()) {
    names += (names.empty() ? "" : " ") + command.name;
    std::string values;
    for (const Flag& flag : command.flags) {
      if (flag.choices.empty()) continue;
      std::string choices;
      for (const std::string& choice : flag.choices) choices += (choices.empty() ? "" : " ") + choice;
      values += fmt::format("        --{}) COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return ;;\n", flag.name, choices);
    }
    cases += fmt::format("    {})\n      case \"$prev\" in\n{}      esac\n      [[ $cur == -* ]] && COMPREPLY=($(compgen -W '{}' -- \"$cur\")) ;;\n",
                         command.name, values, Words(command.flags));
  }
  return fmt::format(
      "# bash completion for plumb; install: plumb completion bash >/etc/bash_completion.d/plumb\n"
      "_plumb() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}\n"
      "  COMPREPLY=()\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return; fi\n"
      "  case \"${{COMP_WORDS[1]}}\" in\n{}  esac\n"
      "}}\n"
      "complete -o default -F _plumb plumb\n",
      names, cases);
}

std::string ZshQuote(const std::string& text) {
  std::string quoted;
  for (char c : text) {
    if (c == '\'') quoted += "'\\''";
    else if (c == '[' || c == ']' || c == ':') quoted += std::string("\\") + c;
    else quoted += c;
  }
  return quoted;
}

std::string Zsh() {
  std::string names, cases;
  for (const Command& command : Commands()) {
    names += fmt::format("    '{}:{}'\n", command.name, ZshQuote(command.summary));
    cases += fmt::format("    {}) _arguments", command.name);
    for (const Flag& flag : command.flags) {
      std::string value;
      if (!flag.choices.empty()) {
        for (const std::string& choice : flag.choices) value += (value.empty() ? "" : " ") + choice;
        value = ":" + flag.value + ":(" + value + ")";
      } else if (!flag.value.empty()) {
        value = ":" + flag.value + ":_files";
      }
      cases += fmt::format(" '--{}[{}]{}'", flag.name, ZshQuote(flag.help), value);
    }
    cases += " '*:file:_files' ;;\n";
  }
  return fmt::format(
      "#compdef plumb\n# zsh completion for plumb; install: plumb completion zsh >\"${{fpath[1]}}/_plumb\"\n"
      "_plumb() {{\n  local -a commands=(\n{}  )\n"
      "  if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
      "  local command=$words[2]\n  shift words; (( CURRENT-- ))\n"
      "  case $command in\n{}  esac\n}}\n"
      "if [ \"$funcstack[1]\" = \"_plumb\" ]; then _plumb \"$@\"; else compdef _plumb plumb; fi\n",
      names, cases);
}

Result<int> Run(const Flags& flags) {
  if (flags.positional().size() != 1 || (flags.positional()[0] != "bash" && flags.positional()[0] != "zsh"))
    return Invalid("completion: say for which shell: 'bash' or 'zsh'");
  const std::string script = flags.positional()[0] == "bash" ? Bash() : Zsh();
  if (flags.Get("output") == "json") {
    Arena arena;
    fmt::print("{}\n", WriteJson(arena.Map({{"script", Arena::Borrow(script)}})));
  } else {
    fmt::print("{}", script);
  }
  return kExitOk;
}

}  // namespace

Command CompletionCommand() {
  return {"completion", "bash|zsh", "print a completion script for a shell", "  bash:  source <(plumb completion bash)\n  zsh:   source <(plumb completion zsh)\n", {}, Run};
}

}  // namespace plumb::cli
