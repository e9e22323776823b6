"""What is said of a run: one module a format, each a pure function of the report."""
