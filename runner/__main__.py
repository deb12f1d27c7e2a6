"""`python -m runner`: help and subcommands without heavy imports, then Hydra."""

import _signal as signal  # type: ignore[import-not-found]  # built in: signal itself first makes enumerations

_interrupt = signal.getsignal(signal.SIGINT)  # ignored, where a shell started this in the background


def _end_silently() -> None:
    """A Ctrl-C before there is anything to tell ends this process as any program."""
    if _interrupt is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    _end_silently()

from runner.core import process_start  # noqa: E402

process_start.drop_working_folder()  # before anything else is imported

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from runner.commands import COMMANDS, MODULES  # noqa: E402

TYPE_CHECKING = False  # of typing, whose import takes time in which a Ctrl-C could only end in a traceback
if TYPE_CHECKING:
    from pathlib import Path


def command() -> int:
    """One command line as a process: `main`, and a quick end."""
    _end_silently()
    from runner.core import console_streams
    from runner.core.errors import RunnerError

    console_streams.prepare()
    try:
        signal.signal(signal.SIGINT, _interrupt)
        code = main()
        console_streams.finish()
    except RunnerError as error:
        code = _report([], error.reason, error.next_step, error.exit_code, error)
    except KeyboardInterrupt as error:  # in the middle of an answer
        code = _interrupted([], error)
    exec("")  # Python ends by SIGINT, whatever our code, if the last exec of a text (a dataclass's) was interrupted
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done and said: a Ctrl-C as late as this changes nothing
    gc.freeze()  # what lives ends with the process: looking through it for garbage once more takes 0.1 s
    return code


def main(arguments: list[str] | None = None) -> int:
    """Run one command line; returns the exit code (0 ok, 2 bad spec, 3 unavailable, 4 unsupported, 5 failed)."""
    from runner.core.disk_errors import room
    from runner.core.errors import RunnerError

    argv = sys.argv[1:] if arguments is None else arguments
    gc.set_threshold(200_000)  # imports make many objects and free none: looking through them takes 15 ms each time
    try:
        with room(_here()):
            return _dispatch(argv)
    except RunnerError as error:
        return _report(argv, error.reason, error.next_step, error.exit_code, error)
    except KeyboardInterrupt as error:
        return _interrupted(argv, error)
    except SystemExit as end:  # a subcommand has printed its own help
        return int(end.code or 0)
    except Exception as error:
        from runner.core.unexpected import unexpected

        told = unexpected(error)
        return _report(argv, told.reason, told.next_step, told.exit_code, error)


def _here() -> "Path":
    from pathlib import Path

    from runner.core.errors import SpecError

    try:
        here = Path.cwd()
        str(here).encode()
    except FileNotFoundError as error:
        raise SpecError("The working folder no longer exists.", "Go to one that exists: cd") from error
    except UnicodeEncodeError as error:  # runtimes and MLflow take texts, and this is none
        raise SpecError(f"{here}: the folder's name is no UTF-8.", "Rename it, or work in another folder.") from error
    return here


def _dispatch(argv: list[str]) -> int:
    first = argv[0] if argv else ""
    ours = first in COMMANDS or any(argument.startswith("step=") for argument in argv)
    if first == "help" and argv[1:] and argv[1] in COMMANDS and argv[1] != "help":
        first, argv = argv[1], [argv[1], "--help"]
    if not argv or first == "help" or (not ours and {"-h", "--help"} & set(argv)):
        from runner.commands import help

        print(help.overview() if argv else help.first_steps())
        return 0
    if first == "--version":
        from runner import __version__

        print(__version__)
        return 0
    if any(argument.startswith("step=") for argument in argv):
        first, argv = "step", ["step", *argv]
    if first in COMMANDS or first == "step":
        from importlib import import_module

        module = MODULES.get(first, first)
        code: int = import_module(f"runner.commands.{module}").main(argv[1:])
        return code
    _refuse_words(argv)
    from runner.commands import run

    return run.main(argv)


def _refuse_words(argv: list[str]) -> None:
    """A first word that is neither a command, an override nor a flag is a slip."""
    from runner.core.errors import SpecError

    first = argv[0] if argv else ""
    if "--" in argv:
        from runner.core.advice import shell

        words = [word for word in argv if word != "--"]
        advice = f"Type: {shell('python', '-m', 'runner', *words)}"
        raise SpecError("--: no such flag; overrides need nothing before them.", advice)
    if first and first[0] not in "-~+" and "=" not in first:
        from runner.commands import first_word

        raise first_word.refuse(argv)


def _report(argv: list[str], reason: str, next_step: str, code: int, error: BaseException) -> int:
    if os.environ.get("RUNNER_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    if "--json" in argv:
        import json

        document = {"schema": 1, "status": getattr(error, "status", "failed"), "exit_code": code}
        print(json.dumps({**document, "reason": reason, "next_step": next_step}, indent=1))
    from runner.core.advice import as_typed
    from runner.core.foreign_text import line

    print("\n".join(as_typed(line(text)) for text in (f"error: {reason}", next_step) if text), file=sys.stderr)
    return code


def _interrupted(argv: list[str], error: BaseException) -> int:
    return _report(argv, "Interrupted.", "What is finished is kept; the same command goes on from there.", 130, error)


if __name__ == "__main__":
    sys.exit(command())
