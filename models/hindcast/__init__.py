"""Looking back: what the care model, told only what was known by a date, would have said of the years after it."""
