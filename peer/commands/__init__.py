"""Commands for what moves, over a data channel that never waits: the newest one counts.

An operator's `CommandSender` says what is wanted again and again; a `CommandReceiver` obeys the
newest, and stops by itself when nothing fresh comes. Nothing is sent again that was lost: the next
message says it better. A message is JSON: ``{"number": 7, "at": 1234.5, "command": ...}``, `at` in
milliseconds of any clock of the sender's, `command` null to stop.
"""

from .receiver import CommandReceiver
from .sender import CommandSender, open_commands

__all__ = ["CommandReceiver", "CommandSender", "open_commands"]
