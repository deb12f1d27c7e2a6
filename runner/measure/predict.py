"""What a compiled artifact answers on its test split, in a fresh process that nothing times."""

from __future__ import annotations

from pathlib import Path

from runner.measure import predicted
from runner.measure.pairs import different_inputs, most_predicted
from runner.measure.sides import Side, opened


def predict(side: Side, name: str, folder: Path, limit_s: float) -> Path:
    """The file `<name>.npz` in `folder` with `side`'s outputs. Raises what its worker raises."""
    file, device = folder / f"{name}.npz", side.device
    with opened(name, side, folder) as worker:
        worker.ask(
            "load",
            timeout=limit_s,
            session=side.session,
            folder=device.put(side.folder),
            options=dict(side.options),
            preprocess=dict(side.preprocess),
            inputs=device.put(side.inputs),
            batch=side.batch,
            samples=different_inputs(side, 2),
            seed=0,
        )
        with device.output(file, most_predicted(side)) as out:
            worker.ask("predict", timeout=limit_s, inputs=device.put(side.inputs), out=out)
        worker.leave()
    predicted.check(file, worker.name)
    return file
