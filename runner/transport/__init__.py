"""How a worker is reached."""
