"""Subcommands: they parse, call and print. Each is a module with `main(argv) -> exit code`."""

COMMANDS = {
    "plan": "the steps a command would run, which are there, which can't run here and why; runs nothing",
    "compare": "what was measured, best first (--sweep, --baseline, --sort, --fail-if, --json|csv|md); A B: of two",
    "explain": "where two records differ in time, by layers, and why: A [B] (--html FILE, --json)",
    "inspect": "what was built for a record: settings, files, sizes; --source: the code generated: [RECORD] (--json)",
    "best": "the best configuration of a model, by racing: model=… [--max-loss L] [--by F] [--html FILE] [--json]",
    "report": "one comparison, or a sweep, on one page: [RECORD | --sweep S] [--html FILE] [--png FOLDER] [--json]",
    "export": "one record as one file, for a colleague: [RECORD] [-o FILE]; `compare A B` reads it",
    "reproduce": "a record or an exported file measured again here: does its result hold? RECORD [model.path=FILE …]",
    "import": "numbers measured elsewhere, from results.csv or .json; shown as imported, never compared",
    "ui": "the MLflow UI on the right store, with the address of the comparison view",
    "list": "the axes, or the options of one: list backend",
    "show": "an option's settings, defaults, units, one line each: show backend=openvino",
    "calibrate": "this machine's noise floor, of a spec against itself, and its peaks (--pairs, --peaks, --show)",
    "toolchain": "environments for vendors' SDKs and for releases of runtimes: install NAME, list, remove NAME",
    "bisect": "the release of a runtime in which a model became slower or wrong: --from 1.18 --to 1.31 (--install)",
    "doctor": "what this machine can do, and how to get what it can't",
    "sync": "send to MLflow the records that it lacks, and with --sweep S the page of a sweep",
    "gc": "artifacts that no record or DVC stage needs, what killed commands left; --delete removes it (--json)",
    "keys": "the keys of the canonical grid as YAML, for dvc.yaml",
    "init": "a project of your own, with a first experiment that runs: init [FOLDER]; overwrites nothing",
    "new": "a backend of your own, as a package that runs: new backend NAME; overwrites nothing",
    "completion": "a script that completes words and values: bash, zsh or fish",
    "help": "this page",
}
# A keyword of Python can't be a module's name.
MODULES = {"import": "import_"}
