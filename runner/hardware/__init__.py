"""Which machine this is, which machine a spec names."""
