"""Causes with sound and pictures that come badly: losses, queues, late packets, low rates."""

from collections.abc import Iterator

from .call import Call, Stats, number
from .finding import Finding
from .media import label
from .outage import lost_apart, outage, outages
from .text import bits, milliseconds, percent, seconds

_LOSS = 0.02
"""The part of packets that may be lost before it is a cause."""
_QUEUE = 0.1
"""Seconds by which the round trip grows where a queue fills."""
_JITTER = 0.03
"""Seconds of jitter that are more than usual."""
_LATE = 0.1
"""The part of packets that may come too late before it is a cause."""
_FLAT = 1.3
"""The round trip of a path without a queue, in parts of its smallest."""


def _trips(call: Call, local: str) -> list[float]:
    """The round trips of a stream, by reports."""
    return [
        number(one, "roundTripTime")
        for index in range(len(call.reports))
        for one in call.stats_at(index, "remote-inbound-rtp")
        if one.get("localId") == local and number(one, "roundTripTime")
    ]


def loss(call: Call) -> Iterator[Finding]:
    """Packets that we send are lost: at random, or because the line is full."""
    for stream in call.stats("remote-inbound-rtp"):
        local = call.item(stream.get("localId"))
        sent = number(local, "packetsSent")
        lost = _lost_apart(call, stream)
        part = lost / sent if sent else 0.0
        if sent < 100 or part < _LOSS:
            continue
        trips = _trips(call, str(stream.get("localId")))
        grown = max(trips, default=0) - min(trips, default=0)
        evidence = (
            f"lost: {lost:.0f} of {sent:.0f} packets of {label(local)}",
            (
                f"round trip: {milliseconds(min(trips, default=0))} to "
                f"{milliseconds(max(trips, default=0))}"
            ),
        )
        if grown >= _QUEUE:
            yield _congestion(local, evidence)
        elif trips and max(trips) <= max(min(trips) * _FLAT, min(trips) + 0.03):
            yield Finding(
                "loss-without-queue",
                f"{percent(part)} of what we send is lost, without a queue: a radio link, or a "
                "line that cuts above a rate.",
                evidence,
                "Redundant sound (RED) and repairs help; a lower bitrate only where the line cuts.",
                not outages(call),
            )
        else:
            yield Finding(
                "loss",
                f"{percent(part)} of what we send is lost.",
                evidence,
                "Trace for longer: whether round trips grow with it tells a full line from a "
                "bad one.",
                certain=False,
            )


def _lost_apart(call: Call, stream: Stats) -> float:
    """Count what was lost of a stream beside outages."""
    key = str(stream["id"])
    return lost_apart(call, number(stream, "packetsLost"), lambda report: report.get(key, {}))


def _congestion(local: Stats, evidence: tuple[str, ...]) -> Finding:
    target = number(local, "targetBitrate")
    at = f" at about {bits(target)}" if target else ""
    return Finding(
        "line-full",
        f"A line on the way is full{at}: packets wait, and then are lost.",
        evidence,
        "Send less over it: a lower maxBitrate, smaller pictures, fewer streams, and no large "
        "transfer beside it. Which direction is full, the loss of both sides tells.",
    )


def queueing(call: Call) -> Iterator[Finding]:
    """Nothing is lost, and round trips grow: a long queue."""
    lossy = {one.cause for one in (*loss(call), *jitter(call))}
    for stream in call.stats("remote-inbound-rtp"):
        trips = _trips(call, str(stream.get("localId")))
        if len(trips) < 3 or lossy or max(trips) - min(trips) < 3 * _QUEUE:
            continue
        local = call.item(stream.get("localId"))
        yield _congestion(
            local,
            (f"round trip: {milliseconds(min(trips))} to {milliseconds(max(trips))}",),
        )


def received_loss(call: Call) -> Iterator[Finding]:
    """Packets of the peer are lost on their way to us."""
    for stream in call.stats("inbound-rtp"):
        got, lost = number(stream, "packetsReceived"), _lost_apart(call, stream)
        part = lost / (got + lost) if got + lost > 0 else 0.0
        if got + lost >= 100 and part >= _LOSS:
            yield Finding(
                "loss-of-received",
                f"{percent(part)} of what the peer sends of {label(stream)} is lost.",
                (
                    f"lost: {lost:.0f}, received: {got:.0f}",
                    f"NACKs sent: {stream.get('nackCount')}",
                ),
                "The peer's trace tells whether its line is full; this side sees the loss alone.",
                not outages(call),
            )


def jitter(call: Call) -> Iterator[Finding]:
    """Packets come at uneven times, or too late to be of use."""
    for stream in call.stats("inbound-rtp"):
        got, lost = number(stream, "packetsReceived"), number(stream, "packetsLost")
        late = number(stream, "packetsDiscarded") - number(stream, "retransmittedPacketsReceived")
        if got < 100 or lost >= got * _LOSS:
            continue
        if number(stream, "jitter") > _JITTER or late > got * _LATE:
            yield Finding(
                "jitter",
                f"Packets of {label(stream)} are not lost, but come at uneven times.",
                (
                    f"jitter: {milliseconds(number(stream, 'jitter'))}",
                    f"lost: {lost:.0f}, too late: {late:.0f}, received: {got:.0f}",
                ),
                "Look for Wi-Fi, or another transfer on the same line.",
            )


def detour(call: Call) -> Iterator[Finding]:
    """Both sides use relays."""
    for transport in call.stats("transport"):
        pair = call.item(transport.get("selectedCandidatePairId"))
        sides = [call.item(pair.get(f"{side}CandidateId")) for side in ("local", "remote")]
        if all(side.get("candidateType") == "relay" for side in sides):
            trip = number(pair, "currentRoundTripTime")
            yield Finding(
                "two-relays",
                f"Media goes through two relays, with a round trip of {milliseconds(trip)}.",
                ("both candidates of the selected pair are of the type relay",),
                "One relay is enough: see why direct pairs failed, and that both sides use one "
                "near them.",
                certain=False,
            )


def limited(call: Call) -> Iterator[Finding]:
    """Pictures are smaller or fewer, because of the bitrate."""
    for stream in call.stats("outbound-rtp"):
        if stream.get("qualityLimitationReason") == "bandwidth":
            target = number(stream, "targetBitrate")
            yield Finding(
                "bandwidth-low",
                f"Pictures of {label(stream)} are cut down to {bits(target)}.",
                ("qualityLimitationReason: bandwidth", *_estimates(call)),
                "The estimate of the line, or the peer's limit, allows no more: see what else "
                "uses the line, or send smaller pictures (maxBitrate, scaleResolutionDownBy).",
                certain=False,
            )


def _estimates(call: Call) -> Iterator[str]:
    """Say what the line was taken to bear at its best, and since when it is less."""
    found = [
        (time, max(number(one, "availableOutgoingBitrate") for one in pairs))
        for index, (time, _) in enumerate(call.reports)
        if (pairs := call.stats_at(index, "candidate-pair"))
    ]
    found = [(time, rate) for time, rate in found if rate]
    if not found:
        return
    best, last = max(rate for _, rate in found), found[-1][1]
    yield f"estimate of the line: {bits(last)}"
    fallen = [time for time, rate in found if rate > (best + last) / 2]
    if last < best / 2 and fallen:
        yield f"until {seconds(fallen[-1])} it was up to {bits(best)}"


CAUSES = (
    outage,
    loss,
    jitter,
    queueing,
    received_loss,
    limited,
    detour,
)
