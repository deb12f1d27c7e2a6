"""The best configuration of a model, found by a race (`runner/racing/`) of fresh processes, confirmed by a record."""
