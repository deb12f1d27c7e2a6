"""From raw samples to a model's inputs: what is done, by numpy on the host, and by nodes of a graph."""
