"""Runs a module as `python -m MODULE …` does, without the working folder's modules: `python process_start.py MODULE …`.

`python -m` puts the working folder before everything else: a project's `yaml.py` would be run in the place of the
library. Python's own switch for it, `-P`, came with 3.11. Nothing is imported here before the folder is taken out.
"""

# ruff: noqa: PTH100, PTH109, PTH120 - pathlib is imported too late for the folder, and takes time

import sys

FILE = __file__


def drop_working_folder() -> None:
    """Takes the working folder out of the search path, unless the user's PYTHONPATH names it."""
    import os

    try:
        here = os.getcwd()
    except OSError:  # it has been deleted
        here = ""
    spelled = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    named = {os.path.abspath(entry) for entry in spelled if entry} if here else set()
    library = os.path.dirname(os.__file__)
    end = sys.path.index(library) if library in sys.path else len(sys.path)
    before = [entry for entry in sys.path[:end] if entry and (entry != here or here in named)]
    sys.path[:] = before + [entry for entry in sys.path[end:] if entry]


def command(module: str, *arguments: str) -> "list[str]":
    """What starts `module` in this interpreter."""
    return [sys.executable, FILE, module, *arguments]


def main() -> None:
    """Run the module that the command line names."""
    _drop_own_folder()
    drop_working_folder()
    import os
    import runpy

    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(FILE))))
    if home not in sys.path:  # run from a source folder and not installed: the same `runner`, after everything else
        sys.path.append(home)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _drop_own_folder() -> None:
    """Python puts a script's folder first, and ours has a `registry.py`; not with PYTHONSAFEPATH."""
    if sys.path and FILE.startswith(sys.path[0]) and FILE[len(sys.path[0]) :].lstrip("/\\") == "process_start.py":
        del sys.path[0]


if __name__ == "__main__":
    main()
