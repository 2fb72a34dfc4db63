"""HCL and YAML read into one Document."""
