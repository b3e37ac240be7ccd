"""The command `aiopeer`; installed under the name `aiopeer_tools`."""
