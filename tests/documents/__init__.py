"""The documentation: it builds, and what it shows runs."""
