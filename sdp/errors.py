"""What goes wrong with a session description, and what was let pass.

ValueError
  SdpError      the text is refused: which line, and why
Tolerated       the text was not right but was understood: a value, never raised
"""

from typing import NamedTuple


class SdpError(ValueError):
    """A session description that breaks the grammar; `line_number` counts from 1."""

    def __init__(self, line_number: int, reason: str) -> None:
        super().__init__(f"line {line_number}: {reason}")
        self.line_number = line_number
        self.reason = reason

    def __reduce__(self) -> tuple[type["SdpError"], tuple[int, str]]:
        return type(self), (self.line_number, self.reason)


class Tolerated(NamedTuple):
    """One deviation from the grammar that was accepted, ignored or dropped while parsing."""

    line_number: int
    reason: str


class MalformedError(ValueError):
    """A value that breaks its grammar: costs a description that line, and no more.

    What must cost the whole description is raised as SdpError.
    """
