"""Records that travel: out to a colleague as one file, in from one, and numbers that were measured elsewhere."""
