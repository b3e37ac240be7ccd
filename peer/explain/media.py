"""Causes with sound and pictures that are not sent, do not come, or are not taken."""

from collections.abc import Iterator, Mapping

from sdp import Direction

from .call import Call, Stats, number
from .finding import Finding
from .text import milliseconds, seconds

_PATIENCE = 3.0
"""Seconds that media may take once the connection is there."""
_SOME = 10
"""Packets that are more than a few."""
_FEW, _BUSY = 5, 0.8
"""Frames, and the part of the time an encoder is at work, from which on it is too slow."""
_NOT_UNDERSTOOD = (
    "payload-type-not-in-section",
    "unknown-mid",
    "unknown-stream",
    "unknown-payload-type",
)


def _lasted(call: Call) -> bool:
    return call.connected is not None and call.ended - call.connected >= _PATIENCE


def label(stream: Stats) -> str:
    """Name a stream: its kind and section."""
    return f"{stream.get('kind', 'media')} (mid {stream.get('mid') or '?'})"


def _drops(item: Stats) -> Mapping[str, float]:
    found = item.get("drops")
    return found if isinstance(found, dict) else {}


def _ours(call: Call, stream: Stats) -> Stats:
    """The source of a stream that we send."""
    return call.item(stream.get("mediaSourceId"))


def nothing_sent(call: Call) -> Iterator[Finding]:
    """A track is to be sent, and no packet leaves."""
    if not _lasted(call):
        return
    for stream in call.stats("outbound-rtp"):
        if number(stream, "packetsSent") or stream.get("active") is False:
            continue
        source = _ours(call, stream)
        frames = number(source, "frames") or number(source, "totalSamplesDuration")
        words = (
            "the track gives frames, and no packet leaves" if frames else "the track gives no frame"
        )
        yield Finding(
            "nothing-sent",
            f"Nothing is sent of {label(stream)}: {words}.",
            ("packetsSent: 0", f"frames of the source: {frames:.0f}"),
            "See whether the track's recv() returns, and what the event loop's exception "
            "handler was told.",
        )


def source_dried_up(call: Call) -> Iterator[Finding]:
    """A track gave frames and stopped."""
    if len(call.reports) < 2:
        return
    since = max(
        (i for i, (time, _) in enumerate(call.reports) if call.reports[-1][0] - time >= _PATIENCE),
        default=None,
    )
    if since is None:
        return
    before = {one["id"]: one for one in call.stats_at(since, "outbound-rtp")}
    for stream in call.stats("outbound-rtp"):
        old = number(before.get(stream["id"], {}), "packetsSent")
        if old and old == number(stream, "packetsSent") and stream.get("active") is not False:
            span = call.reports[-1][0] - call.reports[since][0]
            yield Finding(
                "source-dried-up",
                f"Nothing has been sent of {label(stream)} for {seconds(span)}.",
                (f"packetsSent stays at {old:.0f}",),
                "The track has ended, or its recv() waits: look at the program.",
            )


def not_received(call: Call) -> Iterator[Finding]:
    """The peer sends, and nothing arrives, or nothing any more."""
    if not _lasted(call):
        return
    arrived = {str(one.get("remoteId")): one for one in call.stats("inbound-rtp")}
    for remote in call.stats("remote-outbound-rtp"):
        stream = arrived.get(remote["id"], {})
        since, sent, got = _lately(call, remote, stream)
        if sent > _SOME and not got:
            yield Finding(
                "sent-not-received",
                f"The peer sends {label(stream or remote)}, and none of it arrives.",
                (f"since {seconds(since)} the peer says it sent {sent:.0f} packets", "received: 0"),
                "A filter on the way lets RTCP alone through, or packets are too large.",
            )


def _lately(call: Call, remote: Stats, stream: Stats) -> tuple[float, float, float]:
    """Give since when it is looked, and what was sent and received of a stream in that time."""
    early = call.ended - _PATIENCE
    known = (one for one in reversed(call.reports) if one[0] <= early and remote["id"] in one[1])
    since, report = next(known, (call.connected or 0.0, {}))
    before, then = report.get(remote["id"], {}), report.get(str(stream.get("id")), {})
    sent = number(remote, "packetsSent") - number(before, "packetsSent")
    return since, sent, number(stream, "packetsReceived") - number(then, "packetsReceived")


def nothing_received(call: Call) -> Iterator[Finding]:
    """A track of the peer was agreed on, and no packet of it ever came."""
    if call.connected is None or call.ended - call.connected < 2 * _PATIENCE:
        return
    if not call.local or not call.remote or not call.ours or not call.reports:
        return
    # Of a stream that has ended, the last report says nothing any more.
    came = {
        str(one.get("mid"))
        for index in range(len(call.reports))
        for one in call.stats_at(index, "inbound-rtp")
    }
    for ours, theirs in zip(call.local[-1].sections, call.remote[-1].sections, strict=False):
        wanted, given = (one.direction or Direction.SENDRECV for one in (ours, theirs))
        agreed = ours.port and theirs.port and ours.is_rtp and theirs.msids
        if agreed and wanted.receives and given.sends and ours.mid not in came:
            yield Finding(
                "nothing-received",
                f"Nothing has come of {ours.kind} (mid {ours.mid}), though the peer has a track.",
                (
                    f"both descriptions have it: {wanted.value} here, {given.value} there",
                    f"no packet in {seconds(call.ended - call.connected)}",
                ),
                "Ask the peer's side (its explain(), or a dump of the browser): does its track "
                "give anything, is it muted? If it sends, a filter on the way takes media.",
                certain=False,
            )


def not_understood(call: Call) -> Iterator[Finding]:
    """Packets come that no section of the descriptions explains."""
    found: dict[str, float] = {}
    for item in (*call.stats("transport"), *call.stats("inbound-rtp")):
        for reason in _NOT_UNDERSTOOD:
            found[reason] = found.get(reason, 0) + number(_drops(item), reason)
    told = {reason: count for reason, count in found.items() if count > 10}
    if told:
        yield Finding(
            "media-not-negotiated",
            "Packets come that the descriptions do not tell of.",
            tuple(f"dropped as {reason}: {count:.0f}" for reason, count in told.items()),
            "Was the SDP altered? Compare payload types, MIDs and SSRCs of both descriptions "
            "(aiopeer sdp).",
        )


def no_key_frame(call: Call) -> Iterator[Finding]:
    """Pictures come, and no key frame that they could be decoded from."""
    for stream in call.stats("inbound-rtp"):
        if stream.get("kind") != "video" or number(stream, "framesDecoded"):
            continue
        if number(stream, "packetsReceived") > 20 and number(stream, "pliCount") > 1:
            yield Finding(
                "no-key-frame",
                f"No key frame came of {label(stream)}; {number(stream, 'pliCount'):.0f} were "
                "asked for.",
                (
                    f"packets received: {number(stream, 'packetsReceived'):.0f}",
                    "frames decoded: 0",
                ),
                "See whether the peer hears our RTCP (PLI), and whether its encoder answers it.",
            )


def not_read(call: Call) -> Iterator[Finding]:
    """Nobody takes what is received."""
    for stream in call.stats("inbound-rtp"):
        unread = number(_drops(stream), "no-reader")
        if unread > 10 and unread > number(stream, "framesDecoded"):
            yield Finding(
                "track-not-read",
                f"Nobody reads the track of {label(stream)}, and it is not decoded.",
                (f"frames dropped as no-reader: {unread:.0f}",),
                "Call the track's recv(), or take the packets with encoded_frames().",
                certain=False,
            )


def decoder_slow(call: Call) -> Iterator[Finding]:
    """Decoding takes longer than frames last."""
    for stream in call.stats("inbound-rtp"):
        late = number(_drops(stream), "decoder-too-slow")
        decoded = number(stream, "framesDecoded")
        if late > 5 and late > decoded / 20:
            each = number(stream, "totalDecodeTime") / decoded if decoded else 0
            yield Finding(
                "decoder-too-slow",
                f"Decoding {label(stream)} is too slow: {late:.0f} frames were left out.",
                (f"decoding a frame takes {milliseconds(each)}", f"frames decoded: {decoded:.0f}"),
                "Ask for smaller pictures, or give the process more of the machine.",
            )


def encoder_slow(call: Call) -> Iterator[Finding]:
    """The machine does not keep up with encoding."""
    lasted = call.ended - (call.connected or 0.0)
    for stream in call.stats("outbound-rtp"):
        encoded, spent = number(stream, "framesEncoded"), number(stream, "totalEncodeTime")
        given = number(_ours(call, stream), "frames")
        each = spent / encoded if encoded else 0.0
        behind = encoded >= _FEW and spent > _BUSY * lasted and encoded < _BUSY * given
        cpu = stream.get("qualityLimitationReason") == "cpu"
        if cpu or behind or (encoded > 30 and each > 1 / 20):
            yield Finding(
                "encoder-too-slow",
                f"Encoding {label(stream)} is too slow for this machine.",
                (
                    f"encoding a frame takes {milliseconds(each)}",
                    f"encoded: {encoded:.0f} frames, given by the track: {given:.0f}",
                ),
                "Send smaller pictures or fewer of them, or another codec.",
            )


def silent_source(call: Call) -> Iterator[Finding]:
    """Sound comes that has no sound in it."""
    if not _lasted(call):
        return
    for stream in call.stats("inbound-rtp"):
        heard = number(stream, "totalSamplesDuration")
        if stream.get("kind") != "audio" or heard < _PATIENCE:
            continue
        quiet = number(stream, "totalAudioEnergy") < 1e-9 * heard
        if (
            quiet
            and number(stream, "concealedSamples") < number(stream, "totalSamplesReceived") / 2
        ):
            yield Finding(
                "source-silent",
                f"What the peer sends of {label(stream)} is silence.",
                (
                    f"packets received: {number(stream, 'packetsReceived'):.0f}",
                    f"energy in {seconds(heard)}: 0",
                ),
                "The network is fine: is the peer's microphone muted, or its track disabled?",
            )


CAUSES = (
    nothing_sent,
    source_dried_up,
    not_received,
    nothing_received,
    not_understood,
    no_key_frame,
    decoder_slow,
    encoder_slow,
    silent_source,
    not_read,
)
