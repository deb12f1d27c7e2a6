"""Backends: what compiles a model and runs it. One folder each; how to add one: `docs/adding-a-backend.md`."""
