"""`aiopeer stats`: what a trace that is being written says of its connections now."""

from collections.abc import Iterator
from pathlib import Path
from time import sleep

from peer.explain import Call, endpoint
from peer.trace import printable, read_trace

INTERVAL = 1.0
"""Seconds between two looks at the file; a connection reports as often."""
CLEAR = "\x1b[2J\x1b[H"
"""Clears a terminal."""
_STREAMS = (
    ("outbound-rtp", "sends", "packetsSent", "bytesSent"),
    ("inbound-rtp", "receives", "packetsReceived", "bytesReceived"),
)


def stats_text(file: str) -> str:
    """Tell the last figures of each connection. Raises OSError and DumpError."""
    dump = read_trace(Path(file).read_bytes())
    lines = [line for name in dump.connections for line in _connection(name, Call(dump.of(name)))]
    return "\n".join(lines) or "There is no connection in it yet."


def follow(file: str) -> None:
    """Tell them each second, until the program is interrupted."""
    try:
        while True:
            print(CLEAR + printable(stats_text(file), besides="\n"), flush=True)
            sleep(INTERVAL)
    except KeyboardInterrupt:
        return


def _connection(name: str, call: Call) -> Iterator[str]:
    state = "closed" if call.closed else call.state("connection") or "new"
    yield f"{name}  {state}, {call.ended:.0f} s"
    for transport in call.stats("transport"):
        pair = call.item(transport.get("selectedCandidatePairId"))
        if pair:
            yield f"  {_pair(call, pair)}"
    for kind, verb, packets, octets in _STREAMS:
        for stream in call.stats(kind):
            yield f"  {verb} {_stream(call, stream, kind, packets, octets)}"
    for channel in call.stats("data-channel"):
        sent, received = (channel.get(f"messages{each}") for each in ("Sent", "Received"))
        told = f"{channel.get('label')!r} {channel.get('state')}"
        yield f"  channel {told}: {sent} messages sent, {received} received"


def _pair(call: Call, pair: dict[str, object]) -> str:
    sides = [call.item(pair.get(f"{side}CandidateId")) for side in ("local", "remote")]
    words = [
        f"{side.get('candidateType')} {endpoint(side.get('address') or 'hidden', side.get('port'))}"
        for side in sides
    ]
    trip, estimate = (
        pair.get(each) for each in ("currentRoundTripTime", "availableOutgoingBitrate")
    )
    more = f", round trip {trip * 1e3:.0f} ms" if isinstance(trip, int | float) else ""
    more += f", estimate {estimate / 1e3:.0f} kbit/s" if isinstance(estimate, int | float) else ""
    return f"{words[0]} to {words[1]}{more}"


def _stream(call: Call, stream: dict[str, object], kind: str, packets: str, octets: str) -> str:
    words = f"{stream.get('kind')} {stream.get('mid') or ''}: {stream.get(packets)} packets"
    rate = _rate(call, stream, kind, octets)
    words += "" if rate is None else f", {rate / 1e3:.0f} kbit/s"
    lost, width = stream.get("packetsLost"), stream.get("frameWidth")
    words += f", {lost} lost" if lost else ""
    if width:
        words += f", {width}x{stream.get('frameHeight')} at {stream.get('framesPerSecond') or '?'}"
    return words


def _rate(call: Call, stream: dict[str, object], kind: str, member: str) -> float | None:
    """Bits a second since the report before."""
    if len(call.reports) < 2:
        return None
    before = {one["id"]: one for one in call.stats_at(len(call.reports) - 2, kind)}
    old, new = before.get(stream["id"], {}).get(member), stream.get(member)
    span = call.reports[-1][0] - call.reports[-2][0]
    known = isinstance(old, int | float) and isinstance(new, int | float) and span > 0
    return (new - old) * 8 / span if known else None  # type: ignore[operator]
