"""The inverse questions: how much of a plan would be credible, and what one would have to believe (V7, V9)."""
