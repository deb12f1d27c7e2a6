"""From specs to steps and their keys."""
