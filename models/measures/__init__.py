"""Measures of the field, from what the arms of a run wrote down: beds, delays, waits, and what a plan has come to."""
