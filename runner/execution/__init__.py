"""A plan run: its steps made, its cells measured, their records built."""
