"""From a footprint to a network that can be run: hospitals, services, ways between them, and who is what in it."""
