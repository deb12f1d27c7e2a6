"""The fastest of many configurations, found with few processes: the rules of a race, as arithmetic on what was timed.

Nothing here starts a process or reads a file. `benchmarks/racing.py` says how often the rules find the fastest.
"""
