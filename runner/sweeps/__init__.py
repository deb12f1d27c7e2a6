"""The cells that an experiment's file or a command line names."""
