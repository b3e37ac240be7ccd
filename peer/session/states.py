"""States of a connection as a whole, from those of its transports (W3C §4.3)."""

from collections.abc import Iterable

from peer.ice import IceState


def ice_connection_state(states: Iterable[IceState]) -> str:
    """Return the RTCIceConnectionState of these ICE transports (W3C §4.3.3)."""
    # A list: enumeration members are found by identity, and slow to hash.
    present = list(states)
    for state in (IceState.FAILED, IceState.DISCONNECTED):
        if state in present:
            return str(state.value)
    if present.count(IceState.NEW) + present.count(IceState.CLOSED) == len(present):
        return "new"
    if IceState.NEW in present or IceState.CHECKING in present:
        return "checking"
    done = present.count(IceState.COMPLETED) + present.count(IceState.CLOSED)
    return "completed" if done == len(present) else "connected"


def connection_state(ice_state: str, dtls: Iterable[str]) -> str:
    """Return the RTCPeerConnectionState of DTLS over ICE that is in this state (W3C §4.3.3)."""
    handshakes = set(dtls)
    if ice_state == "failed" or "failed" in handshakes:
        return "failed"
    if ice_state == "disconnected":
        return "disconnected"
    if ice_state == "new" and handshakes <= {"new", "closed"}:
        return "new"
    if ice_state in ("connected", "completed") and handshakes <= {"connected", "closed"}:
        return "connected"
    return "connecting"


def gathering_state(states: Iterable[str]) -> str:
    """Return the RTCIceGatheringState of these transports (W3C §4.3.2)."""
    present = set(states)
    if "gathering" in present:
        return "gathering"
    return "complete" if present == {"complete"} else "new"
