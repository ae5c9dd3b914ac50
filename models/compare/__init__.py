"""Timelines beside each other, and what each mechanism of the transition, or more places, contribute."""
