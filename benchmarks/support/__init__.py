"""What several benchmarks share; not run by itself."""
