"""`python -m runner completion bash|zsh|fish`: a script that completes the words of `edge-runner` in that shell.

    source <(edge-runner completion bash)        # ~/.bashrc; of zsh likewise, after compinit
    edge-runner completion fish | source         # ~/.config/fish/config.fish

The script asks `edge-runner completion --words "the line up to the cursor"` for the words that may stand there, one a
line (`completion_words.py`).
"""

from __future__ import annotations

from runner.commands.cli_parser import parser
from runner.commands.completion_words import candidates
from runner.core.errors import SpecError

# bash cuts its words at = and :, so that what stands before them is none of a word's. After what goes on (`model=`,
# `backend.`, a folder) comes no space.
BASH = r"""
_edge_runner() {
  local line="${COMP_LINE:0:COMP_POINT}"; local word="${line##*[[:space:]]}"
  mapfile -t COMPREPLY < <(edge-runner completion --words "$line" 2>/dev/null)
  [[ "${COMPREPLY[0]-}" == *[=./] ]] && compopt -o nospace
  COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*[=:]}"}"}")
}
complete -F _edge_runner edge-runner
"""
ZSH = r"""
_edge_runner() {
  local -a found; found=("${(@f)$(edge-runner completion --words "$LBUFFER" 2>/dev/null)}")
  compadd -U -S '' -- ${(M)found:#*[=./]}
  compadd -U -- ${found:#*[=./]}
}
compdef _edge_runner edge-runner
"""
FISH = r"""
complete -c edge-runner -f -a '(edge-runner completion --words (commandline -cp | string collect) 2>/dev/null)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def main(argv: list[str]) -> int:
    """Print a shell's script, or the words that may stand at the end of a line."""
    arguments = parser("completion", "A script that completes words; source it in your shell's start-up file.")
    arguments.add_argument("shell", nargs="?", choices=tuple(SCRIPTS))
    arguments.add_argument("--words", metavar="LINE", help="what the script asks: the words that can end this line")
    chosen = arguments.parse_args(argv)
    if (chosen.shell is None) == (chosen.words is None):
        raise SpecError("completion: which shell?", "For instance: source <(edge-runner completion bash)")
    print(SCRIPTS[chosen.shell].strip() if chosen.shell else "\n".join(candidates(chosen.words)))
    return 0
