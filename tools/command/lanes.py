"""What the time line of a call shows: lanes with marks, and curves of its statistics."""

from collections.abc import Iterator, Mapping
from typing import Any

from peer.explain import Call, stalls
from peer.trace import candidate_words

from .svg import Lane, Mark, curve

MAX_PAIRS = 12
"""Pairs that have a lane of their own."""
_SHORT = 0.4
"""Seconds between two reports that are too few for a rate."""
_KINDS = {
    "connected": "good",
    "completed": "good",
    "stable": "good",
    "succeeded": "good",
    "open": "good",
    "failed": "bad",
    "disconnected": "warn",
}
_CALLS = (
    "createOffer",
    "createAnswer",
    "setLocalDescription",
    "setRemoteDescription",
    "addIceCandidate",
    "addTrack",
    "addTransceiver",
    "createDataChannel",
    "restartIce",
    "close",
)


def lanes_of(call: Call) -> list[Lane]:
    """Give the lanes of a call, the empty ones left out."""
    found = [
        Lane("API", list(_api(call))),
        Lane("signaling", list(_states(call, "signaling"))),
        Lane("gathering", list(_gathering(call))),
        Lane("ICE", list(_states(call, "iceconnection"))),
        *_pair_lanes(call),
        Lane("selected pair", list(_selected(call))),
        Lane("DTLS", list(_told(call, call.handshakes))),
        Lane("channels", list(_told(call, call.channels))),
        Lane("first media", list(_first_media(call))),
        Lane("connection", list(_states(call, "connection"))),
        Lane("stalls", list(_stalls(call))),
    ]
    return [lane for lane in found if lane.marks]


def setting_up(call: Call) -> float:
    """Give the time until which a call is set up, or what there was to do for that was done."""
    times = [one.time for one in (*call.local_candidates, *call.remote_candidates)]
    times += [error.time for error in call.gather_errors]
    times += [described.time for described in (*call.local[:1], *call.remote[:1])]
    if call.connected is not None:
        times = [call.connected]
    return max(1.1 * max(times, default=0.0), 0.001)


def _api(call: Call) -> Iterator[Mark]:
    for entry in call.entries:
        if entry.method in _CALLS:
            yield Mark(entry.time - call.begun, entry.method)
    for failure in call.failures:
        yield Mark(failure.time, f"{failure.method}: {failure.words}", "bad")


def _states(call: Call, name: str) -> Iterator[Mark]:
    changes = call.states[name]
    for index, change in enumerate(changes):
        end = changes[index + 1].time if index + 1 < len(changes) else call.ended
        yield Mark(change.time, change.state, _KINDS.get(change.state, "soft"), end)


def _gathering(call: Call) -> Iterator[Mark]:
    for one in call.local_candidates:
        yield Mark(one.time, str(one), "good")
    for error in call.gather_errors:
        yield Mark(error.time, f"{error.url} {error.code} {error.words}", "bad")


def _pair_lanes(call: Call) -> Iterator[Lane]:
    pairs = [pair for pair in call.stats("candidate-pair") if pair.get("changes")]
    pairs.sort(key=lambda pair: not pair.get("nominated"))
    for pair in pairs[:MAX_PAIRS]:
        sides = [call.item(pair.get(f"{side}CandidateId")) for side in ("local", "remote")]
        name = " → ".join(f"{s.get('candidateType')} {s.get('address') or ''}" for s in sides)
        yield Lane(name, list(_life(call, pair)))


def life(call: Call, pair: Mapping[str, Any]) -> list[tuple[float, str, str]]:
    """Give the states of a pair: since when, which, and why."""
    changes = pair.get("changes")
    return [
        (
            one["timestamp"] / 1000 - call.begun,
            str(one.get("state")),
            str(one.get("reason") or ""),
        )
        for one in (changes if isinstance(changes, list) else [])
        if isinstance(one, dict) and isinstance(one.get("timestamp"), int | float)
    ]


def _life(call: Call, pair: Mapping[str, Any]) -> Iterator[Mark]:
    told = life(call, pair)
    for index, (time, state, reason) in enumerate(told):
        end = told[index + 1][0] if index + 1 < len(told) else call.ended
        words = f"{state}: {reason}" if reason else state
        yield Mark(time, words, _KINDS.get(state, "soft"), end)


def _selected(call: Call) -> Iterator[Mark]:
    for time, name, fields in call.events:
        if name == "SelectedPairChanged":
            sides = " → ".join(candidate_words(fields.get(side)) for side in ("local", "remote"))
            yield Mark(time, sides, "good")
        elif name == "SelectedPairLost":
            yield Mark(time, f"lost: {fields.get('reason')}", "bad")


def _told(call: Call, changes: list[tuple[float, Mapping[str, Any]]]) -> Iterator[Mark]:
    for time, one in changes:
        state = str(one.get("state"))
        words = " ".join(str(one[key]) for key in ("label", "state", "failure") if one.get(key))
        yield Mark(time, words, _KINDS.get(state, "soft"))


def _first_media(call: Call) -> Iterator[Mark]:
    """When the first report tells of packets of a stream; both directions."""
    seen: set[str] = set()
    for time, report in call.reports:
        for key, one in report.items():
            for kind, member, words in _FIRST:
                if one.get("type") == kind and one.get(member) and f"{key} {member}" not in seen:
                    seen.add(f"{key} {member}")
                    label = f"{one.get('kind', 'media')} (mid {one.get('mid') or '?'})"
                    yield Mark(time, f"{label}: {words}", "good")


_FIRST = (
    ("outbound-rtp", "packetsSent", "packets are sent"),
    ("inbound-rtp", "packetsReceived", "packets have come"),
    ("inbound-rtp", "framesDecoded", "pictures are decoded"),
)


def _stalls(call: Call) -> Iterator[Mark]:
    for stall in stalls(call):
        blamed = f", in {stall.blamed}" if stall.blamed else ""
        words = f"the event loop stood still for {stall.duration:.3f} s{blamed}"
        yield Mark(stall.end - stall.duration, words, "warn", stall.end)


# Curves


def curves(call: Call, span: float) -> Iterator[str]:
    """Draw what the reports tell over time: rates, loss, round trips."""
    for title, unit, kind, member, per_second, factor in _CURVES:
        points = list(_series(call, kind, member, per_second=per_second))
        yield curve([(t, v * factor) for t, v in points], span, title, unit)


_CURVES = (
    ("sent", "kbit/s", "outbound-rtp", "bytesSent", True, 0.008),
    ("received", "kbit/s", "inbound-rtp", "bytesReceived", True, 0.008),
    ("lost of what came", "packets/s", "inbound-rtp", "packetsLost", True, 1.0),
    ("lost of what was sent", "packets/s", "remote-inbound-rtp", "packetsLost", True, 1.0),
    ("round trip", "ms", "candidate-pair", "currentRoundTripTime", False, 1000.0),
    ("jitter", "ms", "inbound-rtp", "jitter", False, 1000.0),
    ("estimate of the line", "kbit/s", "candidate-pair", "availableOutgoingBitrate", False, 0.001),
)


def _series(
    call: Call, kind: str, member: str, *, per_second: bool
) -> Iterator[tuple[float, float]]:
    before: tuple[float, float] | None = None
    for index, (time, _) in enumerate(call.reports):
        values = [one.get(member) for one in call.stats_at(index, kind)]
        numbers = [float(v) for v in values if isinstance(v, int | float)]
        if not numbers:
            continue
        now = (time, sum(numbers) if per_second else max(numbers))
        if not per_second:
            yield now
        elif before is not None and time - before[0] < _SHORT:
            continue  # the last report comes when it closes, and a moment has no rate
        elif before is not None:
            yield time, max(0.0, (now[1] - before[1]) / (time - before[0]))
        before = now
