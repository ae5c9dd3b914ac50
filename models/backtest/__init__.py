"""Back-tests: what the model says of plans whose end is known, beside what happened."""
