"""The answer: criteria, judged on measures of the field, and the verdict."""
