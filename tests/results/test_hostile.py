"""Portable files with odd or hostile content: one clear error or harmless text; never a traceback, a bomb or a file
elsewhere."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.commands import export
from runner.core.errors import RunnerError, SpecError
from runner.report import report_model
from runner.report.views import html, record_diff_table, terminal
from runner.report.views.layout import plain
from runner.results import archive, import_results, record_diff
from runner.results.records import Record
from runner.tensors import npz as npz_files
from tests.report import pages

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return pages.write(tmp_path / "project", pages.content())


@pytest.fixture
def contents(record: Record, tmp_path: Path) -> dict[str, bytes]:
    archive.write(record, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        return {name: file.read(name) for name in file.namelist()}


def sealed(root: Path, contents: Mapping[str, bytes]) -> Path:
    """An export of these files whose hashes fit."""
    files = {name: data for name, data in contents.items() if name != "manifest.json"}
    manifest = json.loads(contents["manifest.json"])
    manifest["files"] = {name: {"sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    with zipfile.ZipFile(root / "x.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("manifest.json", json.dumps(manifest))
        for name, data in files.items():
            file.writestr(name, data)
    return root / "x.zip"


def refused(file: Path, message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught, archive.opened(file):
        pass
    assert caught.value.reason.startswith(str(file))
    assert caught.value.next_step
    assert caught.value.reason.isprintable()


# --- record.json ---


def changed(contents: dict[str, bytes], change: Callable[[dict[str, Any]], Any]) -> dict[str, bytes]:
    tree = json.loads(contents["record.json"])
    change(tree)
    return {**contents, "record.json": json.dumps(tree).encode()}


def nested(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tree: tree["spec"].update(deep=nested(30)), "more than 20 levels deep"),
        (lambda tree: tree["metrics"].update({"latency/p50_ms": float("nan")}), "NaN is no number"),
        (lambda tree: tree["metrics"].update({"latency/p50_ms": float("inf")}), "Infinity is no number"),
        (lambda tree: tree["metrics"].update({"latency/p50_ms": 1e300}), r"1e\+300 is beyond 1e\+19"),
        (lambda tree: tree["metrics"].update({"latency/p50_ms": 10**400}), "is beyond 1e"),
        (lambda tree: tree["metrics"].update({"latency/p50_ms": True}), "no usable 'metrics.latency/p50_ms'"),
        (lambda tree: tree.update(record_id="../../etc/x"), "no usable 'record_id'"),
        (lambda tree: tree.update(date="\x1b[2J"), "no usable 'date'"),
        (lambda tree: tree.update(warnings={"a": 1}), "no usable 'warnings'"),
        (lambda tree: tree.update(unavailable=["a"]), "no usable 'unavailable'"),
        (lambda tree: tree["comparison"].update(verdict="best"), "no usable 'comparison.verdict'"),
        (lambda tree: tree["comparison"].update(low=2.0), "no usable 'comparison'"),
        (lambda tree: tree["comparison"].update(ratio=-1.0), "no usable 'comparison.ratio'"),
        (lambda tree: tree["comparison"].update(pairs=0), "no usable 'comparison.pairs'"),
        (lambda tree: tree["comparison"].update(by_pair=["1"]), "no usable 'comparison.by_pair.0'"),
        (lambda tree: tree["conditions"].update(load_1m={"min": 0, "median": "x", "max": 1}), "no usable 'conditions'"),
        (lambda tree: tree["conditions"].update(pairs=[{"pair": "a"}]), "no usable 'conditions.pairs.0.pair'"),
        (lambda tree: tree["spec"]["measure"].update(verdict_confidence=1), "'spec.measure.verdict_confidence'"),
        (lambda tree: tree["spec"].pop("measure"), "no usable 'spec.measure'"),
        (lambda tree: tree["spec"]["model"].update(name="x" * 201), "no usable 'spec.model.name'"),
        (lambda tree: tree["comparison"]["baseline"].update(spec={"model": {"name": "m"}}), "baseline.spec.precision'"),
        (lambda tree: tree.update(environment=[]), "no usable 'environment'"),
        (lambda tree: tree.update(timing={"benchmark_s": -1}), "no usable 'timing.benchmark_s'"),
    ],
)
def test_a_record_that_pages_could_not_show_is_refused_by_its_key(
    change: Callable[[dict[str, Any]], Any], message: str, contents: dict[str, bytes], tmp_path: Path
) -> None:
    refused(sealed(tmp_path, changed(contents, change)), message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[" * 100_000, "more than 20 levels deep"),
        (b'{"a": 1e999}', "is beyond 1e"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "is beyond 1e"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[]", "holds no object"),
        (b"", "not JSON"),
    ],
)
@pytest.mark.parametrize("name", ["record.json", "manifest.json"])
def test_text_that_is_no_sound_json_is_refused(
    text: bytes, message: str, name: str, contents: dict[str, bytes], tmp_path: Path
) -> None:
    file = sealed(tmp_path, {**contents, "record.json": text} if name == "record.json" else contents)
    if name == "manifest.json":
        with zipfile.ZipFile(file, "w") as made:
            made.writestr("manifest.json", text)
    refused(file, f"{name} {message}|{name} .*{message}")


ANSI, BIDI, HALF = "\x1b]0;owned\x07\x1b[31mred", "abc\u202edef", "\ud800"


def test_characters_that_act_on_a_terminal_are_shown_as_escapes(contents: dict[str, bytes], tmp_path: Path) -> None:
    def change(tree: dict[str, Any]) -> None:
        tree["spec"]["model"]["name"] = ANSI
        tree["spec"]["model"][BIDI] = HALF
        tree["comparison"]["baseline"]["label"] = BIDI
        tree["warnings"] = [ANSI + "<script>alert(1)</script>"]
        tree["unavailable"] = {ANSI: HALF}
        tree["comparison"]["without_flagged"]["flagged"][0]["reasons"] = [ANSI]
        tree["environment"]["hardware"]["cpu"] = ANSI

    with archive.opened(sealed(tmp_path, changed(contents, change))) as found:
        shown = report_model.collect(found)
        text, markup = plain(terminal.renderable(shown), 120), html.render(shown)
        pair = plain(record_diff_table.renderable(record_diff.beside(found, found)), 120)
    document = json.dumps(report_model.as_json(shown), ensure_ascii=False)
    for written in (text, markup, pair, document):
        assert "\\x1b" in written
        written.encode("utf-8")  # no half of a pair is left, which no terminal takes
        assert not [one for one in written if not one.isprintable() and one not in "\n\t"]
    assert "<script" not in markup


# --- the zip ---


def test_a_name_that_leads_elsewhere_is_refused_and_nothing_is_written(
    contents: dict[str, bytes], tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    for name in ("../up.json", "/tmp/up.json", "a/../../up.json", "..\\up.json", "record.json/x"):
        file = sealed(tmp_path, {**contents, name: b"{}"})
        refused(file, "inside is odd")
        file.unlink()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_name_with_escapes_in_it_does_not_reach_the_terminal(contents: dict[str, bytes], tmp_path: Path) -> None:
    refused(sealed(tmp_path, {**contents, ANSI: b""}), r"\\\\x1b|\\x1b")


def test_a_link_inside_is_read_as_a_file_and_never_followed(contents: dict[str, bytes], tmp_path: Path) -> None:
    link = zipfile.ZipInfo("record.json")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
        manifest = json.loads(contents["manifest.json"])
        manifest["files"] = {"record.json": {"sha256": hashlib.sha256(b"/etc/passwd").hexdigest()}}
        file.writestr("manifest.json", json.dumps(manifest))
    refused(tmp_path / "x.zip", r"record\.json not JSON")


def test_a_file_that_is_there_twice_is_refused(contents: dict[str, bytes], tmp_path: Path) -> None:
    file = sealed(tmp_path, contents)
    with zipfile.ZipFile(file, "a") as again, pytest.warns(UserWarning, match="Duplicate"):
        again.writestr("record.json", b"{}")
    refused(file, "'record.json' inside is there twice")


def test_a_bomb_is_refused_by_what_it_claims(
    contents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(archive.LIMITS, "samples.npz", 2_000_000)
    monkeypatch.setitem(archive.LIMITS, "record.json", 2_000_000)
    bomb = b" " * 3_000_000  # packs to 3 kB
    refused(sealed(tmp_path, {**contents, "record.json": bomb}), "record.json claims more than 2 MB")
    refused(sealed(tmp_path, {**contents, "samples.npz": bomb}), "samples.npz claims more than 2 MB")
    out = io.BytesIO()
    np.savez_compressed(out, **{"candidate/0": np.ones(400_000, np.int64)})
    assert len(out.getvalue()) < 100_000
    monkeypatch.setattr(npz_files, "FREELY", 2_000_000)
    monkeypatch.setattr(npz_files, "UNFOLDED", 10)
    unfolded = r"unfold to 3 MB, more than 10 times as much \(array candidate/0: \[400000\] of int64\)"
    refused(sealed(tmp_path, {**contents, "samples.npz": out.getvalue()}), unfolded)


def test_a_bomb_that_lies_about_its_size_is_refused(contents: dict[str, bytes], tmp_path: Path) -> None:
    file = sealed(tmp_path, {**contents, "record.json": b" " * 3_000_000})
    data = file.read_bytes()
    assert data.count(struct.pack("<I", 3_000_000)) == 2  # in the local and in the central header
    file.write_bytes(data.replace(struct.pack("<I", 3_000_000), struct.pack("<I", 100)))
    refused(file, "can't be read as a zip")


def test_other_methods_of_packing_are_refused(contents: dict[str, bytes], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_LZMA) as file:
        for name, data in contents.items():
            file.writestr(name, data)
    refused(tmp_path / "x.zip", "packed by another method than deflate")


# --- samples ---


def npy(shape: str, data: bytes = b"", kind: str = "<i8") -> bytes:
    """An array file by hand, whose header claims `shape`."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def npz(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in files.items():
            file.writestr(name.replace("__", "/") + ".npy", data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (npz(candidate__0=npy(f"({1 << 50},)")), r"candidate/0 says \[\d+\] of int64, and has"),
        (npz(candidate__0=npy("(2,)", b"\1" * 8)), r"candidate/0 says \[\d+\] of int64, and has"),
        (npz(candidate__0=npy(f"({1 << 40}, {1 << 40}, 0)")), "samples.npz can't be read"),
        (npz(candidate__0=npy("(-1,)")), "can't be read|no latencies|not as long"),
        (npz(candidate__0=b"\x93NUMPY\x01"), "can't be read"),
        (npz(candidate__0=npy("__import__('os')")), "can't be read"),
        (npz(candidate__0=npy("(1,)", struct.pack("<d", float("nan")), "<f8")), "no latencies"),
        (npz(candidate__0=npy("(1,)", struct.pack("<d", float("inf")), "<f8")), "no latencies"),
        (npz(candidate__0=npy("(1,)", struct.pack("<d", 5e-324), "<f8")), "no latencies"),
        (npz(candidate__0=npy("(1,)", struct.pack("<q", -5))), "no latencies"),
        (npz(candidate__99999999999=npy("(1,)", b"\1" * 8)), "no latencies"),
        (npz(**{"candidate/²": npy("(1,)", b"\1" * 8)}), "no latencies"),
        (npz(**{"../../up/0": npy("(1,)", b"\1" * 8)}), "no name of an array"),
        (b"PK\x05\x06" + b"\0" * 18, None),
        (b"", "can't be read"),
    ],
)
def test_samples_that_are_no_latencies_are_refused(
    samples: bytes, message: str | None, contents: dict[str, bytes], tmp_path: Path
) -> None:
    file = sealed(tmp_path, {**contents, "samples.npz": samples})
    if message:
        refused(file, message)
    else:  # an empty zip has no arrays: a record without samples, which compare then says
        with archive.opened(file) as found, pytest.raises(SpecError, match="has no candidate"):
            record_diff.beside(found, found)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg">'
SCRIPTS = (
    SVG + b"<script>alert(1)</script></svg>",
    SVG + b'<path d="M0,0" onload="alert(1)" /></svg>',
    SVG + b'<image href="http://evil.example/x" /></svg>',
    SVG + b"<style>@import 'http://evil.example/x'</style></svg>",
    SVG + b"<style>path{fill:u\\72l(http://evil.example/x)}</style></svg>",
    b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG + b"<text>&a;</text></svg>",
    b'<?xml-stylesheet href="http://evil.example/x"?>' + SVG + b"</svg>",
    b'<svg xmlns="http://www.w3.org/1999/xhtml"></svg>',
    SVG + b"<text>",
    b"\x89PNG",
)


def test_telemetry_is_checked_as_the_rest(contents: dict[str, bytes], tmp_path: Path) -> None:
    refused(sealed(tmp_path, {**contents, "profile_report.yaml": b"a: &a [b]\nc: [*a]"}), "has aliases")
    refused(sealed(tmp_path, {**contents, "system_profile_graph.png": b"<svg onload=x>"}), "is no PNG")
    for svg in SCRIPTS:
        refused(sealed(tmp_path, {**contents, "latency.svg": svg}), "latency.svg is no SVG that a run drew")
    refused(sealed(tmp_path, {**contents, "correction.json": b'{"verdict": "best"}'}), "correction.json has no usable")


def test_whatever_bytes_are_changed_there_is_one_clear_error_or_none(record: Record, tmp_path: Path) -> None:
    (record.folder / "profile_report.yaml").write_text("samples: 3\n")
    (record.folder / "latency.png").write_bytes(PIXEL)
    archive.write(record, tmp_path / "a.zip")
    whole, chance, ended = (tmp_path / "a.zip").read_bytes(), random.Random(3), set()
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "x.zip").write_bytes(data[: chance.choice((len(data), len(data), chance.randrange(len(data))))])
        try:
            with archive.opened(tmp_path / "x.zip") as found:
                report_model.collect(found)
            ended.add("read")
        except RunnerError as error:
            assert error.next_step
            ended.add("refused")
    assert "refused" in ended


# --- writing ---


def test_a_linked_file_is_not_exported(record: Record, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (record.folder / "system_profile.txt").symlink_to(secret)
    with pytest.raises(SpecError, match=r"system_profile\.txt is a link"):
        archive.write(record, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_a_link_in_the_file_s_place_is_replaced_and_not_followed(record: Record, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "a.zip").symlink_to(tmp_path / "precious")
    archive.write(record, tmp_path / "a.zip")
    assert (tmp_path / "precious").read_text() == "precious"
    assert zipfile.is_zipfile(tmp_path / "a.zip")


def test_a_record_with_another_name_inside_is_not_written_elsewhere(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    (root / "runner.toml").touch()
    (root / "deep").mkdir()
    monkeypatch.chdir(root / "deep")
    file = record.folder / "record.json"
    file.write_text(json.dumps({**record.content, "record_id": "../../up"}))
    with pytest.raises(SpecError, match="no usable 'record_id'"):
        export.main([pages.ID])
    assert not list(tmp_path.rglob("up*"))


# --- import ---

HEAD = "model,backend,hardware,date,latency/p50_ms"
NAMED = '[{"model": %s, "backend": "b", "hardware": "h", "date": "2026-10-02"}]'
ROW = "bilstm,hailo8l,pi5,2026-10-02,0.84"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "[" * 100_000, "too many levels deep"),
        ("a.json", '[{"model": ' + "9" * 5000 + "}]", "is not JSON"),
        (
            "a.json",
            '[{"model": "\\u001b[31m", "backend": "b", "hardware": "h", "date": "2026-10-02"}]',
            "no name of one",
        ),
        ("a.json", '[{"\\u001b[31m": 1}]', r"column \\x1b\[31m: no such column"),
        ("a.json", NAMED % '"\\ud800"', "no name of one"),
        ("a.json", NAMED % '{"a": 1}', "no name of one"),
        ("a.csv", f"{HEAD}\n{ROW.replace('0.84', '1e400')}", "is not a number"),
        ("a.csv", f"{HEAD}\n{ROW.replace('0.84', 'Infinity')}", "is not a number"),
        ("a.csv", f"{HEAD}\n{ROW.replace('0.84', '1e18')}", r"is beyond 1e\+15"),
        ("a.csv", f"{HEAD}\n{ROW.replace('bilstm', 'b' * 201)}", "longer than 200 characters"),
        ("a.csv", f"{HEAD}\n{ROW.replace('bilstm', 'b' * 200_000)}", "field larger than field limit"),
        ("a.csv", f"{HEAD}\n{ROW.replace('bilstm', 'a' + BIDI)}", "no name of one line"),
        ("a.csv", f"{HEAD}\n{ROW.replace('bilstm', '=HYPERLINK(1)')}", "doesn't begin with a letter"),
        ("a.csv", f"{HEAD}\n{ROW.replace('bilstm', '../../up')}", "doesn't begin with a letter"),
        ("a.csv", f"{HEAD}\n{ROW.replace('2026-10-02', '0001-01-01T00:00:00+14:00')}", "is no date"),
        ("a.csv", f"{HEAD}\n{ROW}\0", "is not a number"),
        ("a.csv", f"{HEAD},quality/{'x' * 61}\n{ROW},1", "no such column"),
    ],
)
def test_odd_numbers_and_names_are_refused(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=message) as caught:
        import_results.read(tmp_path / name, "zoo")
    assert len(caught.value.reason) < 600 + len(str(tmp_path))
    assert caught.value.reason.isprintable()


def test_limits_of_what_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"{HEAD}\n{ROW}\n{ROW}\n{ROW}\n")
    monkeypatch.setattr(import_results, "ROWS", 2)
    with pytest.raises(SpecError, match="more than 2 rows"):
        import_results.read(file, "zoo")
    monkeypatch.setattr(import_results, "LARGEST", 100)
    with pytest.raises(SpecError, match="is larger than"):
        import_results.read(file, "zoo")


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to("/dev/zero")
    with pytest.raises(SpecError, match="a device, not a file"):
        import_results.read(tmp_path / "a.csv", "zoo")
    with pytest.raises(SpecError, match="--source"):
        file = tmp_path / "b.csv"
        file.write_text(f"{HEAD}\n{ROW}\n")
        import_results.read(file, ANSI)
