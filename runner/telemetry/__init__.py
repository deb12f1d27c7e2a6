"""What the machine and the measured processes did while something was measured, sampled by a process of its own.

`python -m runner.telemetry` samples (standard library only, and a sensor's own library where there is one);
`sampler` starts it; `profile` reads what it wrote; `summary` says what that means for each side; `graph` draws it.
"""
