"""From a command line to checked settings: what Hydra composes, read into types, all faults at once."""
