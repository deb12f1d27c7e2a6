"""What a backend is: data that planning, checks and tables read, and the session that runs what it compiled.

A folder declares `BACKEND = Backend(...)`; `runner/backends/loading.py` verifies it. This travels to devices with the
sessions: Python 3.8, standard library alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

# What a model can be handed over as: its graph (`model.onnx`), or the trained network itself (`model.pt`).
REPRESENTATIONS = ("onnx", "checkpoint")
# Precisions that can be asked for; the rules of each one's settings are in `runner/spec/precision.py`.
PRECISIONS = ("fp32", "fp16", "int8", "int8_dynamic")
AS_BUILT = "as_built"  # the precision of a file that another toolchain built
HOST, DEVICE = "host", "device"
PLACES = (HOST, DEVICE)
ASKED = ("precision", "batch", "tuned_to")
ABOUT = (*ASKED, "precision_settings", "preprocess")  # what a stage may ask for beside settings
INPUTS = ("model", "data")
COMPILE = "compile"


class Ask(Protocol):
    """What `module.function(**arguments)` answers in a worker (`runner.backends.worker_query`)."""

    def __call__(self, module: str, function: str, **arguments: Any) -> Any: ...


@dataclass(frozen=True)
class Request:
    """What a backend is asked to do, known before any work.

    `settings` is the backend's `Settings`, `precision` the option's name, `hardware` what was detected as plain values.
    `ask` and `ask_there` are for what only the backend's library knows, asked where `compile` runs, and where its
    session will: the runner's own process never imports it. What is asked there is of a module that travels as
    `session.py` does.
    """

    settings: Any
    precision: str
    model: str
    task: str
    batch: int
    hardware: Mapping[str, Any]
    ask: Ask
    ask_there: Ask


@dataclass(frozen=True)
class Candidate:
    """What a baseline stands beside: the candidate's backend and its `Settings`, the threads that it was told to use
    (None: it can't be told), and whether it is measured on another machine than this one."""

    backend: str
    settings: Any
    threads: int | None
    remote: bool


@dataclass(frozen=True)
class Capabilities:
    """What can't be taken for granted of a backend. The contract's tests are chosen by it.

    `threads`: it has a setting `threads`, and its session reads it back as `effective["threads"]`; without, its
    processes are neither held to a number of threads nor pinned to a CPU. `largest_batch`: rows of one inference, None:
    any. `host_proof`: what it compiles opens on the machine that compiles, where `verify` runs it once; without,
    `compile` itself returns `inputs` and `outputs`. `raw_weights`: its files hold float weights byte by byte.
    `quantizes`: its stages make the precision; graphs come to it in float32. `profile`: its session.py has
    `open_profiled`, whose sessions have `profile`. `estimate`: nothing that it compiles is run; in the place of
    `open_session` its session.py has `estimate(folder, options)`, which answers `{"metrics": {name as measured ones
    have: number}, "source": what reckoned them}`, and may add `incomplete` (what they leave out) and
    `layers` (`[{"name", "type", "place" (what runs it), "ns" (None: not reckoned), "calls"}]`). `cross_compiles`: it
    builds for the machine that `tuned_to` describes, not for the one that it runs on. `overlaps`: settings with which
    its sessions, which are `OverlappingSession`, run several inferences at once; none: they can't.
    """

    threads: bool = True
    largest_batch: int | None = None
    host_proof: bool = True
    raw_weights: bool = True
    quantizes: bool = False
    profile: bool = False
    estimate: bool = False
    cross_compiles: bool = False
    overlaps: Mapping[str, Any] = field(default_factory=dict)


def always(settings: Any) -> bool:
    """Whatever the settings are."""
    return True


def no_more(settings: Any) -> tuple[str, ...]:
    """The same files, whatever the settings are."""
    return ()


def nothing_beside(settings: Any, precision: str) -> tuple[str, ...]:
    """The backend's own distributions alone, whatever is asked."""
    return ()


@dataclass(frozen=True)
class Stage:
    """One step of a backend's own compile: `<name>.py` of its folder offers `<name>(job)`. The last is `compile`, whose
    files the session opens.

    `reads`: the settings that it gets, None: all, those of `session_settings` with the values that stand there. `asks`:
    what it gets of ABOUT beside; `preprocess` only where the data's samples are raw, and it makes them ready by the
    runtime's own means. These alone enter its key. `needs`: its inputs, of INPUTS: `model` is what the stage
    before made, or of the first what the backend accepts. `provides`: files that what follows finds in its folder; a
    stage that ends without one of them has failed. `provides_for`: those that it provides beside where the backend's
    `Settings` ask for them. `rough_s`: seconds that it may take, an order. `toolchain`:
    the one in which it runs (`python -m runner toolchain list`), "": here, and `tools` are that one's distributions
    whose versions enter the key; elsewhere they are the backend's, and those that it `uses` beside, by the backend's
    `Settings` and the precision: where one is missing the stage is unavailable. `place`: DEVICE is the machine that the
    model is for, on which nothing is measured meanwhile; where the last stage runs there, so does `verify`.
    `times_on_device`: it runs here, and times what it tries on that machine, by workers that it opens at `job.device`
    (`runner/transport/lent.py`); nothing else is measured there meanwhile. `whose`: the other backend whose stage it
    is, file and all, "": this one's own; what it makes serves both. Never of the last.
    `when`: whether the backend's `Settings` ask for the stage; where they don't, the next one gets what it would have.
    """

    name: str
    reads: tuple[str, ...] | None = None
    asks: tuple[str, ...] = ASKED
    needs: tuple[str, ...] = INPUTS
    provides: tuple[str, ...] = ()
    provides_for: Callable[[Any], tuple[str, ...]] = no_more
    uses: Callable[[Any, str], tuple[str, ...]] = nothing_beside
    rough_s: float = 3.0
    toolchain: str = ""
    tools: tuple[str, ...] = ()
    place: str = HOST
    times_on_device: bool = False
    whose: str = ""
    when: Callable[[Any], bool] = always


@dataclass(frozen=True)
class Release:
    """What an environment holds in which another release of a backend's runtime is compiled with and measured
    (`toolchain.version`). The runtime is the first of the backend's `distributions`; `beside`: what its own modules
    import beside that and numpy; `older`: what in the place of those of the same name where a release can't be imported
    with these. `index`: where pip finds wheels that the usual index hasn't, "": nowhere else.
    `build`: the local version of those that are wanted, `cpu` of `2.6.0+cpu`, "": any.
    """

    beside: tuple[str, ...] = ()
    older: tuple[str, ...] = ()
    index: str = ""
    build: str = ""


@dataclass(frozen=True)
class Tool:
    """A program of a runtime's own that measures in our place: its name, and its file on the device. `tool.py` of the
    backend's folder offers `measured(folder, options)`, which runs it there and answers `{"source", "metrics": {name:
    number}, "facts": {what: text}}`, and `layers` as an estimate has them."""

    name: str
    program: str


@dataclass(frozen=True)
class Reference:
    """Another implementation, in a `toolchain` of its own, against which is checked what is compiled and can't be run.
    `<name>.py` of the backend's folder offers `check(folder)`, which runs there and answers `{"status": "passed" or
    "failed", "reason": what was found}`. Where the toolchain isn't installed the record says that it wasn't checked.
    """

    name: str
    toolchain: str


def everything(request: Request) -> str | None:
    """No reason why not."""
    return None


def none_of_its_own(settings: Any) -> Tool | None:
    """We measure."""
    return None


def no_files(settings: Any) -> tuple[str, ...]:
    """Its settings name none."""
    return ()


def nothing() -> None:
    """Nothing is missing."""


def to_no_machine(settings: Any, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is compiled here runs on any machine."""
    return None


def as_declared(candidate: Candidate) -> Mapping[str, Any]:
    """The YAML's own values."""
    return {}


@dataclass(frozen=True)
class Backend:
    """A backend's declaration. What has no value here must be given.

    `settings`: the class of its settings' rules. `accepts`: REPRESENTATIONS in order of preference. `opens`: suffixes
    (`.xml`) of files of its runtime's own that its session opens as another toolchain built them, `companions`: of such
    a suffix those of the files that lie beside with the same name, `code`: those that run code when they are opened;
    its own compile makes none of them but what its last stage provides. `takes_up`: suffixes of files that another
    toolchain built and that it compiles further, with the stage that takes each up: `given.py` of its folder offers
    `open_session(folder, options)`, by which one is described where that stage runs. `files`: the user's files that its
    settings name and its stages read, which count by their content; it raises SpecError for what is wrong with one.
    `precisions`: the options that it takes,
    `refuses`: of others, and of other representations, why not and what to choose instead.
    `distributions`: on PyPI, whose versions enter the key, none where all of its stages run in toolchains; `install`:
    what to type to get them. `support` says what
    else it can't do, before any work; it raises Unavailable where something is missing here. `tuned_to`: what of the
    machine its output depends on. `session_settings`: settings that the session alone reads, with the value that
    they have in `compile`: they don't enter its key. `proof_settings`: others with which `verify` opens here what
    another machine will run. `int8_dynamic_ops`: ONNX op types for which it has dynamic int8 kernels. `races`:
    settings beside threads with the values, as words have them, that `best` tries; `races_offline`: further ones where
    inferences may overlap (`scenario=offline`). `portable`: the word with which its
    output suits every machine. `baseline_overrides`: what makes it a fair baseline of a candidate.
    `tool`: which program measures in our place, where its settings ask for one. `stages`: the steps of its compile, in
    order. `release`: what other releases of its runtime need. `references`: what an estimate's model is checked
    against. `source`: the file of its last stage's with the code that it generated, as text, which `inspect --source`
    prints, "": it keeps none. `lacks`: what some of its options need and this machine has not, and what to do, which
    `doctor` says.
    """

    settings: type
    accepts: tuple[str, ...]
    precisions: tuple[str, ...]
    distributions: tuple[str, ...]
    install: str
    capabilities: Capabilities = Capabilities()
    opens: tuple[str, ...] = ()
    takes_up: Mapping[str, str] = field(default_factory=dict)
    companions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    code: tuple[str, ...] = ()
    refuses: Mapping[str, str] = field(default_factory=dict)
    session_settings: Mapping[str, Any] = field(default_factory=dict)
    proof_settings: Mapping[str, Any] = field(default_factory=dict)
    int8_dynamic_ops: tuple[str, ...] = ()
    races: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    races_offline: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    portable: str = ""
    stages: tuple[Stage, ...] = (Stage(COMPILE),)
    release: Release = Release()
    support: Callable[[Request], str | None] = everything
    tuned_to: Callable[[Any, Mapping[str, Any]], dict[str, Any] | None] = to_no_machine
    baseline_overrides: Callable[[Candidate], Mapping[str, Any]] = as_declared
    tool: Callable[[Any], Tool | None] = none_of_its_own
    files: Callable[[Any], tuple[str, ...]] = no_files
    references: tuple[Reference, ...] = ()
    source: str = ""
    lacks: Callable[[], tuple[str, str] | None] = nothing

    @property
    def runtime(self) -> str:
        """The distribution that runs what it compiles; "" where nothing of it is installed beside the runner."""
        return self.distributions[0] if self.distributions else ""

    @property
    def built(self) -> tuple[str, ...]:
        """Suffixes of files that another toolchain built and that it opens or takes up."""
        return (*self.opens, *self.takes_up)

    def stages_of(self, settings: Any, read: str | None = None) -> tuple[Stage, ...]:
        """The stages that its `settings` ask for; of a built file that it takes up, `read` by its suffix, those from
        the one that does."""
        names = [stage.name for stage in self.stages]
        first = names.index(self.takes_up[read]) if read and read in self.takes_up else 0
        return tuple(stage for stage in self.stages[first:] if stage.when(settings))

    @property
    def preprocesses(self) -> bool:
        """Whether its compile makes raw samples ready by means of the runtime's own (`preprocess=fused`)."""
        return any("preprocess" in stage.asks for stage in self.stages)

    def opens_here(self) -> bool:
        """Whether what it compiles opens on the machine that plans: `verify` runs there."""
        return self.capabilities.host_proof and self.stages[-1].place == HOST

    def compiles_here(self) -> bool:
        """Whether its library compiles on the machine that plans, in no toolchain."""
        return any(stage.place == HOST and not stage.toolchain for stage in self.stages)

    def tunes_here(self) -> bool:
        """Whether what it compiles is tuned to the machine that plans."""
        here = any(stage.place == HOST and "tuned_to" in stage.asks for stage in self.stages)
        return here and not self.capabilities.cross_compiles

    def reads(self, provided: Collection[str]) -> str | None:
        """The first representation that it accepts of those `provided`, or the suffix that it opens or takes up; None
        where there is none."""
        return next((one for one in (*self.accepts, *self.built) if one in provided), None)

    def refusal(self, precision: str, batch: int, provided: Sequence[str] = REPRESENTATIONS) -> str | None:
        """Why its declaration alone rules out a model that is `provided` so, a precision or a batch. A file that is
        built is provided as its suffix."""
        if precision == AS_BUILT and not self.built:
            return f"precision={AS_BUILT}: it opens no files that are built elsewhere"
        if self.reads(provided) is None:
            takes = " or ".join(self.built if precision == AS_BUILT else self.accepts)
            return self.refuses.get(provided[0], f"it takes {takes}, and the model is {' or '.join(provided)}")
        if precision not in (*self.precisions, AS_BUILT):
            takes = f"it takes {', '.join(self.precisions)}"
            return f"precision={precision}: {self.refuses.get(precision, takes)}"
        largest = self.capabilities.largest_batch
        if largest is not None and batch > largest:
            return f"scenario.batch={batch}: it takes at most {largest}"
        return None

    def threads(self, settings: Any) -> int | None:
        """The threads that `settings` asks for; None where it can't be told."""
        return settings.threads if self.capabilities.threads else None


class Session(Protocol):
    """A loaded model. `session.py` offers `open_session(folder, options) -> Session`; what it raises is told as a
    failure to load that artifact.

    `inputs`, `outputs`: `[{"name", "shape", "dtype"}]`, sizes that are open as texts; an input with `usual` has the
    sizes that its runtime takes where nobody says any. `effective`: settings as the
    runtime reads them back, JSON types. `memory`: where the model and its inputs lie while it runs, HOST or the
    device's name. `clock`: what a run is timed by; HOST, the runner's own around `run`, is all that it knows today.
    It may have `rereads`, True: a run reads the very memory of the arrays that were bound, so that what is written
    there is what the next one infers; else they are bound anew (`preprocess=separate`).
    A session that can't do what a setting asks, and does something else, says so in `warnings`, a list of lines that
    become the record's; they may be left out.
    """

    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    version: str
    effective: dict[str, Any]
    memory: str
    clock: str

    def bind(self, arrays: dict[str, Any]) -> Any:
        """Arrays by input name made ready, outside the timed region."""

    def run(self, bound: Any) -> list[Any]:
        """The outputs, in the order of `outputs`, valid until the next run. Synchronous: this alone is timed."""

    def close(self) -> None:
        """Gives back what it holds."""


class ProfiledSession(Session, Protocol):
    """What `open_profiled(folder, options)` opens, where a backend's capability `profile` says that there is one."""

    def profile(self, bound: Any, iterations: int) -> dict[str, Any]:
        """Runs to warm up, then `iterations` times under the runtime's profiler. `{"layers": [{"name", "type",
        "precision", "ns" (its time in a run), "calls" (in a run)}], "statistic" (what `ns` is over the runs: `median`
        or `mean`), "run_ns" (the same of a whole run), "resolution_ns" (a layer of 0 took less than that)}`.

        Of a layer it may say more: `nodes`, the names of those of the graph that it came from; `bytes` that its calls
        in a run read and write; `outputs` of a call, `[{"shape", "dtype"}]`, from which its operations are counted
        where only the runtime knows these sizes."""


class OverlappingSession(Session, Protocol):
    """A session that can run several inferences at once: what a scenario of throughput asks for. `at_once`: how many it
    keeps going, 1: one after the other."""

    at_once: int

    def run_many(self, order: list[Any]) -> list[Any]:
        """Runs all that were bound, in this order, and returns when all are done: the outputs of the last."""
