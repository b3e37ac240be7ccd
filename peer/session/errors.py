"""What the parts of a connection tell each other by exception."""


class GivenUpError(Exception):
    """A step is about something that was given up because an earlier step about it failed."""
