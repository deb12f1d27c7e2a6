"""A record's pictures, drawn from what it holds."""
