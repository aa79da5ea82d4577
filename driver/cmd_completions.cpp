// spile completions SHELL: what a shell needs to complete commands, options, hooks and files.
//
// The script asks spile itself: `--help` for the options, `list` for the hooks, so it is never out of date. Of the
// hooks it asks once: a kernel has thousands of them, and the same ones as long as the shell lives.
#include "driver/arguments.h"
#include "driver/commands.h"

namespace spile::driver {

namespace {

constexpr std::string_view kBash = R"x(_spile() {
  local current=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} verbs="@VERBS@"
  case " $verbs " in *" $verb "*) ;; *) verb=run ;; esac
  COMPREPLY=()
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$(spile "$verb" --help | grep -oE -- '--[a-z][a-z-]*')" -- "$current"))
  elif [[ $verb == list || ${COMP_WORDS[COMP_CWORD-1]} == -e ]]; then
    [[ $_spile_hooks ]] || _spile_hooks=$(spile list)
    COMPREPLY=($(compgen -W "$_spile_hooks" -- "${current#[\'\"]}"))
  else
    ((COMP_CWORD == 1)) && COMPREPLY=($(compgen -W "$verbs" -- "$current"))
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _spile spile
)x";

// As a file `_spile` among the functions of compinit, or sourced.
constexpr std::string_view kZsh = R"x(#compdef spile
_spile() {
  local verbs="@VERBS@" verb=${words[2]}
  (( ${${=verbs}[(Ie)$verb]} )) || verb=run
  if [[ $PREFIX == -* ]]; then
    compadd -- ${(f)"$(spile $verb --help | grep -oE -- '--[a-z][a-z-]*')"}
  elif [[ $verb == list || ${words[CURRENT-1]} == -e ]]; then
    (( $#_spile_hooks )) || typeset -ga _spile_hooks=(${(f)"$(spile list)"})
    compadd -- $_spile_hooks
  else
    (( CURRENT == 2 )) && compadd -- ${=verbs}
    _files
  fi
}
if [[ $funcstack[1] == _spile ]]; then _spile; else compdef _spile spile; fi
)x";

constexpr std::string_view kFish = R"x(function __spile_hooks
  set -q __spile_hooks_known; or set -g __spile_hooks_known (spile list)
  printf '%s\n' $__spile_hooks_known
end
complete -c spile -n __fish_use_subcommand -a "@VERBS@"
complete -c spile -n "__fish_seen_subcommand_from list" -f -a "(__spile_hooks)"
complete -c spile -s e -x -a "(__spile_hooks)"
for verb in @VERBS@
  complete -c spile -n "__fish_seen_subcommand_from $verb" -a "(spile $verb --help | string match -r -a -- '--[a-z][a-z-]*')"
end
)x";

std::string with_verbs(std::string_view script) {
  std::string verbs;
  for (const Command &command : kCommands) verbs += fmt::format("{}{}", verbs.empty() ? "" : " ", command.name);
  std::string text(script);
  constexpr std::string_view kMark = "@VERBS@";
  for (size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at + verbs.size()))
    text.replace(at, kMark.size(), verbs);
  return text;
}

}  // namespace

int command_completions(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile completions bash|zsh|fish";
  line.about = "Prints what the shell needs to complete commands, options, hooks and files.";
  line.footer = "  source <(spile completions bash)";
  line.add_common();
  line.hidden.add_options()("shell", po::value<std::string>());
  line.positional.add("shell", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  const std::string shell = values->contains("shell") ? (*values)["shell"].as<std::string>() : "";
  if (shell == "bash") return console.print(with_verbs(kBash)), kExitOk;
  if (shell == "zsh") return console.print(with_verbs(kZsh)), kExitOk;
  if (shell == "fish") return console.print(with_verbs(kFish)), kExitOk;
  return console.usage("`spile completions` takes bash, zsh or fish");
}

}  // namespace spile::driver
