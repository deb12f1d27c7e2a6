"""How a plan's steps are run."""
