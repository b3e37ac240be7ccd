"""Causes with data channels."""

from collections.abc import Iterator

from .call import Call
from .finding import Finding
from .text import seconds

_PATIENCE = 5.0
"""Seconds a channel may take to open once the connection is there."""


def no_association(call: Call) -> Iterator[Finding]:
    """Channels were made, and none opens."""
    if not call.calls["createDataChannel"] or call.connected is None:
        return
    opened = [one for _, one in call.channels if one.get("state") == "open"]
    opened += [one for one in call.stats("data-channel") if one.get("state") != "connecting"]
    waited = call.ended - call.connected
    if opened or waited < _PATIENCE or not call.ours:
        return
    sections = [one for two in (call.local, call.remote) for d in two[-1:] for one in d.sections]
    has_data = [one for one in sections if one.kind == "application" and one.port]
    if len(has_data) < 2:
        yield Finding(
            "no-data-section",
            "A channel was made, and the descriptions have no section for it.",
            (f"sections for data in the last two descriptions: {len(has_data)} of 2",),
            "Make the first channel before the offer, or negotiate again.",
        )
        return
    yield Finding(
        "sctp-unanswered",
        f"No data channel has opened for {seconds(waited)}: the peer does not answer SCTP.",
        (
            f"{seconds(call.connected)} connected",
            "both descriptions have a section for data, and no channel is open",
        ),
        "Look at a=sctp-port on both sides, and at the peer's SCTP.",
    )


CAUSES = (no_association,)
