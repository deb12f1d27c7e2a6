"""Artifacts by key: the store, what a key knows, what nobody needs any more."""
