"""Any queueing network from a file, without health care: ``carebridge network``."""
