"""Random inputs for the runner's functions, and what counts as a fault. `benchmarks/fuzz.py` runs them.

A *kind* is a module with `cases(seed, folder) -> Case`: it writes files into `folder`, a project of the case's own, by
the seed alone, and says what to do with them. What may come of it is in `judge`.
"""
