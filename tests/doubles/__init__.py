"""Programs that stand for what can't be had on every machine, each named for what it doubles."""
