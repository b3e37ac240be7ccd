"""What comes to a shared port and is for none of the connections that share it."""

import enum
from collections import Counter
from typing import TypeVar


class Stranger(enum.Enum):
    """Why something that came was dropped; the value is the name it is counted under."""

    UNKNOWN_FRAGMENT = "unknown-fragment"
    """A check for nobody here, for one that ended perhaps."""
    NO_FRAGMENT = "no-fragment"
    """A request that does not say who it is for."""
    UNKNOWN_SOURCE = "unknown-source"
    """Data from where no check has come from."""
    UNKNOWN_TRANSACTION = "unknown-transaction"
    """A response to what nobody asked, or asked too long ago."""
    ADDRESS_TAKEN = "address-taken"
    """A check from where another connection has its peer: data from there could be for either."""
    TOO_MANY_ADDRESSES = "too-many-addresses"
    """One connection's peer has been at too many addresses."""
    TOO_MANY_CONNECTIONS = "too-many-connections"
    """TCP connections that have not said who they are for."""
    NOT_A_CHECK = "not-a-check"
    """The first frame of a TCP connection."""
    SILENT = "silent"
    """A TCP connection that did not say who it is for in time, or ended before."""


Strangers = Counter[Stranger]

T = TypeVar("T")


def move_calls(known: dict[str, T], share: T, before: set[str], after: set[str]) -> None:
    """Have checks for other username fragments go to a share than before.

    Of two who are called alike the first has the checks.
    """
    for fragment in before - after:
        if known.get(fragment) is share:
            del known[fragment]
    for fragment in after:
        known.setdefault(fragment, share)
