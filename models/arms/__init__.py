"""The arms of a comparison: business as usual and the plan on every timeline, prepared and run on the same people."""
