"""Several areas at once: each fitted, its held-out quarters forecast beside persistence, one report."""
