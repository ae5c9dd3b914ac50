"""The answer: measures of the field, the criteria judged on them, and the verdict."""
