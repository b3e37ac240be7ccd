"""Causes between ICE and media: the DTLS handshake, the keys of SRTP, the association of SCTP."""

from collections.abc import Iterator

from .call import Call, number
from .finding import Finding
from .text import seconds

_SLOW = 5.0
"""Seconds after which a handshake that is under way is a cause."""


def _failure(call: Call) -> tuple[float, str] | None:
    for time, one in reversed(call.handshakes):
        if one.get("failure"):
            return time, str(one["failure"])
    return None


def _handshaking(call: Call) -> bool:
    """Tell whether ICE has a pair and DTLS is not done."""
    return not (call.ice_connected is None or call.connected is not None)


def fingerprint(call: Call) -> Iterator[Finding]:
    """The peer's certificate is not the one that was signalled."""
    failed = _failure(call)
    if failed is not None and "fingerprint" in failed[1]:
        yield Finding(
            "fingerprint-mismatch",
            "The peer's certificate is not the one of its description.",
            (f"{seconds(failed[0])} DTLS: {failed[1]}",),
            "The description is that of another connection, or was altered on its way.",
        )


def alert(call: Call) -> Iterator[Finding]:
    """The handshake was refused."""
    failed = _failure(call)
    if failed is not None and "refused" in failed[1]:
        yield Finding(
            "dtls-refused",
            "The DTLS handshake was refused.",
            (f"{seconds(failed[0])} DTLS: {failed[1]}",),
            "Compare versions and ciphers: this side speaks DTLS 1.2 with ECDHE.",
        )


def both_passive(call: Call) -> Iterator[Finding]:
    """Nobody begins the handshake."""
    if not _handshaking(call):
        return
    roles = {str(one.get("role")) for _, one in call.handshakes}
    failed = _failure(call)
    waited = call.ended - (call.ice_connected or 0)
    if "server" not in roles or (failed is None and waited < _SLOW):
        return
    if failed is not None and "in time" not in failed[1]:
        return
    if call.total("transport", "bytesReceived"):
        return
    yield Finding(
        "dtls-not-begun",
        "The peer is to begin the DTLS handshake and does not.",
        (
            f"{seconds(call.ice_connected or 0)} ICE was connected",
            "our role is server (a=setup:passive), and nothing of DTLS came",
        ),
        "Look at a=setup in both descriptions: one side has to be active.",
    )


def handshake_lost(call: Call) -> Iterator[Finding]:
    """The handshake did not end."""
    failed = _failure(call)
    if not _handshaking(call) or (failed is not None and "in time" not in failed[1]):
        return
    waited = (failed[0] if failed else call.ended) - (call.ice_connected or 0)
    if waited < _SLOW:
        return
    evidence = [f"{seconds(call.ice_connected or 0)} ICE was connected"]
    evidence += [f"{seconds(failed[0])} DTLS: {failed[1]}"] if failed else []
    evidence.append(f"bytes of DTLS that came: {call.total('transport', 'bytesReceived'):.0f}")
    yield Finding(
        "dtls-unanswered",
        f"The DTLS handshake has had no end for {seconds(waited)}, though checks pass.",
        tuple(evidence),
        "Datagrams of DTLS are larger than checks: look for a small MTU, or a filter that lets "
        "STUN alone through.",
    )


def srtp_refused(call: Call) -> Iterator[Finding]:
    """Packets come whose authentication fails."""
    for transport in call.stats("transport"):
        drops = transport.get("drops")
        refused = number(drops, "srtp-refused") if isinstance(drops, dict) else 0
        if refused > 10 and refused > number(transport, "packetsReceived") / 10:
            yield Finding(
                "srtp-refused",
                "SRTP packets of the peer fail authentication.",
                (f"refused: {refused:.0f} of {number(transport, 'packetsReceived'):.0f}",),
                "The peer uses other keys than those of this handshake, or sends them twice.",
            )
            return


CAUSES = (fingerprint, alert, both_passive, handshake_lost)
CONNECTED_CAUSES = (srtp_refused,)
