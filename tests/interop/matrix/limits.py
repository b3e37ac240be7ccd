"""What cannot work because the other side breaks a standard, and how each call shows it.

A limit counts only where its evidence is in the trace of that very call; and a cell that works
although there is a limit for it is as wrong as one that fails: the limit has to go.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from peer.trace import TraceEntry

from .party import Side

Shown = Callable[[list[TraceEntry], str], str | None]
"""Finds the evidence in a trace, or in the error."""


@dataclass(frozen=True)
class Limit:
    """Why a scenario cannot work with a party: the standard, what is done instead, evidence."""

    party: str
    scenario: str
    standard: str
    instead: str
    shown: Shown
    side: Side | None = None

    def fits(self, party: str, scenario: str, side: Side) -> bool:
        """Tell whether it is about a cell."""
        same = (self.party, self.scenario) == (party, scenario)
        return same and self.side in (None, side)


def descriptions(entries: list[TraceEntry], method: str) -> list[str]:
    """Give the texts of the descriptions that were set."""
    return [
        str(entry.value["sdp"])
        for entry in entries
        if entry.method == method and isinstance(entry.value, dict) and "sdp" in entry.value
    ]


def same_credentials(entries: list[TraceEntry], _error: str) -> str | None:
    """Find an answer to a restart that has the credentials of before."""
    found = list(map(_fragments, descriptions(entries, "setRemoteDescription")))
    if len(found) < 2 or not found[0] or found[0] != found[-1]:
        return None
    return f"both answers have {found[0][0]}"


def refused(word: str) -> Shown:
    """Find an offer that restarts, and was never answered; the error has this word."""

    def shown(entries: list[TraceEntry], error: str) -> str | None:
        offers = descriptions(entries, "setLocalDescriptionOnSuccess")
        answers = descriptions(entries, "setRemoteDescription")
        restarts = len({tuple(_fragments(text)) for text in offers}) > 1
        if word not in error or not restarts or len(answers) >= len(offers):
            return None
        return f"it says {error!r} to {_fragments(offers[-1])[0]} after {_fragments(offers[0])[0]}"

    return shown


def deaf(entries: list[TraceEntry], _error: str) -> str | None:
    """Find a restart that ICE completed, after which we send and nothing but checks comes."""
    answered = [entry.time for entry in entries if entry.method == "setRemoteDescription"]
    if len(answered) < 2:
        return None
    after = [
        item
        for entry in entries
        if entry.method == "getStats" and entry.time > answered[-1] + 1
        for item in entry.value.values()
        if item.get("type") == "transport" and item.get("iceState") in ("connected", "completed")
    ]
    figures = [(item.get("packetsSent"), item.get("packetsReceived")) for item in after]
    if not figures or figures[-1][0] <= figures[0][0] or figures[-1][1] != figures[0][1]:
        return None
    sent = figures[-1][0] - figures[0][0]
    return f"ICE is {after[-1]['iceState']}; we sent {sent} more packets, and none came"


def _fragments(text: str) -> list[str]:
    return re.findall(r"a=ice-ufrag:\S+", text)


LIMITS: tuple[Limit, ...] = (
    Limit(
        "aiortc",
        "restart",
        "RFC 8445 §9, RFC 9429 §5.3.1",
        "answers an offer that restarts ICE with the credentials of before",
        same_credentials,
        Side.OURS,
    ),
    Limit(
        "libdatachannel",
        "restart",
        "RFC 8839 §4.4.2.1",
        "takes no offer that restarts ICE",
        refused("Invalid ICE settings"),
        Side.OURS,
    ),
    Limit(
        "werift",
        "restart",
        "RFC 8445 §9",
        "completes a restart, and takes no data over it",
        deaf,
        Side.OURS,
    ),
)


def limit_of(party: str, scenario: str, side: Side) -> Limit | None:
    """Give the limit of a cell, if there is one."""
    return next((each for each in LIMITS if each.fits(party, scenario, side)), None)
