"""What Hydra finds of ours: the search path of options and the sweeper."""
