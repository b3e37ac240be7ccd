"""The command `aiopeer load`."""
