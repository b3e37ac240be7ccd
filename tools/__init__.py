"""What a user runs to look at, measure or test; nothing here is imported by the packages."""
