"""Arrays of others: read, cast, drawn, labels understood."""
