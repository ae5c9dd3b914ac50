"""The benchmark case in each engine: one file an engine, each with ``FORMS``, from name of form to run function."""
