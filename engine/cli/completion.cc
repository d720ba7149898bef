// plumb completion bash|zsh: scripts made from the table of commands, so that they cannot go stale.
#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"
#include "engine/cli/command.h"

namespace plumb::cli {

namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const Command& command : Commands()) names.push_back(command.name);
  return names;
}

// The words that may stand where the usage line says "bash|zsh" or "[COMMAND]"; none where a file or a name of the user's stands.
std::vector<std::string> Literals(std::string arguments) {
  std::erase_if(arguments, [](char c) { return c == '[' || c == ']'; });
  if (arguments == "COMMAND") return CommandNames();
  std::vector<std::string> words;
  for (size_t from = 0; from < arguments.size();) {
    const size_t end = std::min(arguments.find('|', from), arguments.size());
    const std::string word = arguments.substr(from, end - from);
    if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string::npos) return {};
    words.push_back(word);
    from = end + 1;
  }
  return words;
}

bool TakesApplication(const Command& command) { return command.arguments == "APP" || command.arguments == "[APP]"; }

// Applications by name, of the cluster and namespace that the line says; none where it does not answer at once.
constexpr std::string_view kBashApplications = R"(_plumb_applications() {
  local i value at=()
  for ((i = 2; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in --kubeconfig|--context|--namespace|-n)
      value=${COMP_WORDS[i+1]}; [[ $value != = ]] || value=${COMP_WORDS[i+2]}
      at+=("${COMP_WORDS[i]}" "$value") ;;
    esac
  done
  words=$(timeout 2 plumb get --output name "${at[@]}" 2>/dev/null)
}
)";
constexpr std::string_view kZshApplications = R"zsh(_plumb_applications() {
  local flag; local -a at names
  for flag in --kubeconfig --context --namespace -n; do [[ -z ${opt_args[$flag]} ]] || at+=($flag ${opt_args[$flag]}); done
  names=(${(f)"$(timeout 2 plumb get --output name $at 2>/dev/null)"})
  compadd -a names
}
)zsh";

std::string Bash() {
  std::string cases;
  for (const Command& command : Commands()) {
    std::vector<std::string> flags;
    for (const Flag& flag : command.flags) {
      flags.push_back("--" + flag.name);
      if (flag.value.empty()) continue;
      cases += fmt::format("    '{} --{}'", command.name, flag.name);
      if (flag.letter) cases += fmt::format("|'{} -{}'", command.name, flag.letter);
      cases += fmt::format(") words='{}' ;;\n", Joined(flag.choices));
    }
    const std::string words = TakesApplication(command) ? "_plumb_applications" : fmt::format("words='{}'", Joined(Literals(command.arguments)));
    cases += fmt::format("    '{} '*) if [[ $cur == -* ]]; then words='{}'; else {}; fi ;;\n", command.name, Joined(flags), words);
  }
  return fmt::format(
      "# bash completion for plumb; install: plumb completion bash >/etc/bash_completion.d/plumb\n"
      "{}_plumb() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} words=\n"
      "  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${{COMP_WORDS[COMP_CWORD-2]}}; fi  # --flag=value is three words\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then words='{}'; else\n"
      "  case \"${{COMP_WORDS[1]}} $prev\" in\n{}  esac; fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))  # none: the shell offers files\n"
      "}}\n"
      "complete -o default -F _plumb plumb\n",
      kBashApplications, Joined(CommandNames()), cases);
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

// One flag as _arguments wants it: '(-o --output)'{-o,--output=}'[help]:FORMAT:(text json)'
std::string ZshFlag(const Flag& flag) {
  const std::string name = "--" + flag.name + (flag.value.empty() ? "" : "=");
  std::string text = flag.many          ? fmt::format("'*{}", name)
                     : flag.letter == 0 ? fmt::format("'{}", name)
                                        : fmt::format("'(-{0} --{1})'{{-{0},{2}}}'", flag.letter, flag.name, name);
  text += fmt::format("[{}]", ZshQuote(flag.help));
  if (!flag.choices.empty()) text += fmt::format(":{}:({})", flag.value, Joined(flag.choices));
  else if (!flag.value.empty()) text += fmt::format(":{}:_files", ZshQuote(flag.value));
  return text + "'";
}

std::string Zsh() {
  std::string names, cases;
  for (const Command& command : Commands()) {
    names += fmt::format("    '{}:{}'\n", command.name, ZshQuote(command.summary));
    cases += fmt::format("    {}) _arguments", command.name);
    for (const Flag& flag : command.flags) cases += " " + ZshFlag(flag);
    const std::vector<std::string> literals = Literals(command.arguments);
    cases += TakesApplication(command) ? " '1:application:_plumb_applications' ;;\n" : literals.empty() ? " '*:file:_files' ;;\n" : fmt::format(" '1:word:({})' ;;\n", Joined(literals));
  }
  return fmt::format(
      "#compdef plumb\n# zsh completion for plumb; install: plumb completion zsh >\"${{fpath[1]}}/_plumb\"\n"
      "{}_plumb() {{\n  local -a commands=(\n{}  )\n"
      "  if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
      "  local command=$words[2]\n  shift words; (( CURRENT-- ))\n"
      "  case $command in\n{}  esac\n}}\n"
      "if [ \"$funcstack[1]\" = \"_plumb\" ]; then _plumb \"$@\"; else compdef _plumb plumb; fi\n",
      kZshApplications, names, cases);
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
