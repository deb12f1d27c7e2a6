"""From words and YAML files to one checked spec."""
