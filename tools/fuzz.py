"""Feed random and mutated inputs to the parsers that read what comes from the network.

    python -m tools.fuzz [NAME ...] [--runs N] [--seed N]

Without names every parser is fuzzed. Exits with 1 and the input in hexadecimal as soon as a
parser raises anything but the error it declares. A run is repeatable: same seed, same inputs.

A new parser needs one `Target` in `TARGETS`: a function that takes the bytes and swallows the
declared error, and a few valid inputs to mutate.
"""

import argparse
import random
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from peer.ice import (
    IceAgent,
    IceRole,
    Record,
    RemoteParameters,
    TraceError,
    dump_record,
    load_record,
    redact,
    replay,
    stun,
    turn,
)
from peer.ice.address import TransportAddress
from peer.ice.framing import frame

from .fuzz_agent import (
    CANDIDATE_SEEDS,
    fuzz_agent,
    fuzz_agent_connections,
    fuzz_framing,
    fuzz_remote_candidate,
    fuzz_signed,
)
from .fuzz_mdns import MDNS_SEEDS, fuzz_mdns
from .fuzz_rtp import (
    PAYLOADS,
    RECORDS,
    RTCP,
    fuzz_buffers,
    fuzz_payload,
    fuzz_rtcp,
    fuzz_rtp,
    packet_seeds,
)
from .fuzz_sdp import fuzz_candidate, fuzz_fragment, fuzz_sdp
from .fuzz_transports import (
    CHUNKS,
    DATAGRAMS,
    PACKETS,
    fuzz_datagram,
    fuzz_hello,
    fuzz_media,
    fuzz_sctp,
)

PEER = TransportAddress("198.51.100.7", 5001)
PEER6 = TransportAddress("2001:db8::7", 5001)


@dataclass(frozen=True, slots=True)
class Target:
    """A parser under a name: what to call and what to start mutating from."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def fuzz_stun(data: bytes) -> None:
    """Parse a STUN message, verify it and decode every attribute there is."""
    stun.looks_like_stun(data)
    with suppress(stun.StunError):
        message = stun.parse(data)
        stun.verify_integrity(message, b"key")
        stun.verify_integrity_sha256(message, b"key")
        message.unknown_required()
        for attribute in stun.ALL_ATTRIBUTES:
            with suppress(stun.StunError):
                message.get(attribute)
                message.get_all(attribute)


def fuzz_turn_messages(data: bytes) -> None:
    """Cut a TURN byte stream into messages, in two halves, and read each."""
    splitter = turn.MessageSplitter()
    middle = len(data) // 2
    with suppress(stun.StunError):
        for part in (data[:middle], data[middle:]):
            for message in splitter.feed(part):
                turn.read_channel_data(message)
                fuzz_stun(message)


def fuzz_turn_responses(data: bytes) -> None:
    """Let a TURN client take the input for the answer to its first requests, and for data.

    The transaction id is put right, so that the input is looked at.
    """
    server = turn.TurnServer(PEER, "turn:fuzz", "user", "secret")
    allocation = turn.Allocation(server, entropy=bytes)
    for second in range(4):
        allocation.start(float(second))
        allocation.unwrap(data, float(second))
        with suppress(stun.StunError):
            message = stun.parse(data)
            message.transaction_id = bytes(12)
            allocation.handle_response(message, float(second))
        allocation.want_channel(PEER, float(second))


def fuzz_trace(data: bytes) -> None:
    """Read the lines of a trace, replay what is good after the beginning of a good one.

    What was read is written the same.
    """
    records: list[Record] = []
    IceAgent(role=IceRole.CONTROLLING, entropy=bytes, trace=records.append)
    for line in data.split(b"\n"):
        with suppress(TraceError):
            record = load_record(line)
            assert load_record(dump_record(record, secrets=True)) == record
            assert load_record(dump_record(record)) == redact(record)
            records.append(record)
    for entropy in (None, bytes):
        with suppress(TraceError):
            replay(records, entropy)


def _stun_seeds() -> tuple[bytes, ...]:
    check = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        bytes(12),
        [(stun.USERNAME, "a:b"), (stun.PRIORITY, 1), (stun.ICE_CONTROLLING, 2)],
        key=b"key",
    )
    challenge = stun.build(
        stun.Method.ALLOCATE,
        stun.MessageClass.ERROR,
        bytes(12),
        [
            (stun.ERROR_CODE, stun.ErrorCode(401, "Unauthorized")),
            (stun.REALM, "example.org"),
            (stun.NONCE, "obMatJos2gAAAnonce"),
            (stun.PASSWORD_ALGORITHMS, ((2, b""), (1, b""))),
        ],
        fingerprint=False,
    )
    allocated = stun.build(
        stun.Method.ALLOCATE,
        stun.MessageClass.SUCCESS,
        bytes(12),
        [
            (stun.XOR_RELAYED_ADDRESS, PEER),
            (stun.XOR_MAPPED_ADDRESS, PEER),
            (stun.LIFETIME, 600),
            (stun.ADDRESS_ERROR_CODE, stun.AddressErrorCode(2, 440, "no")),
        ],
        fingerprint=False,
    )
    data = stun.build(
        stun.Method.DATA,
        stun.MessageClass.INDICATION,
        bytes(12),
        [(stun.XOR_PEER_ADDRESS, PEER6), (stun.DATA, b"data"), (stun.ICMP, (3, 4, 1400))],
        fingerprint=False,
    )
    return check, challenge, allocated, data


def _message_seeds() -> tuple[bytes, ...]:
    channel = turn.channel_data(0x4000, b"hello", padded=True)
    return (channel, *(channel + message + channel for message in _stun_seeds()))


def _trace_seeds() -> tuple[bytes, ...]:
    records: list[Record] = []
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=bytes, trace=records.append)
    del records[:]
    agent.add_stream("0", (1, 2))
    agent.add_base("0", 1, PEER)
    agent.set_remote_parameters("0", RemoteParameters("peer", "p" * 22))
    agent.receive_datagram(_stun_seeds()[0], local=PEER, source=PEER, now=1.0)
    agent.handle_timer(now=2.0)
    agent.send("0", 1, b"data")
    while agent.next_event() is not None:
        agent.transmits()
    agent.get_timer()
    agent.close()
    return ("\n".join(dump_record(record, secrets=True) for record in records).encode(),)


SDP = b"""v=0\r
o=- 4611731400430051336 2 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=group:BUNDLE 0 1\r
a=ice-options:trickle\r
m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r
c=IN IP4 0.0.0.0\r
a=mid:0\r
a=ice-ufrag:EsAw\r
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r
a=fingerprint:sha-256 AB:CD\r
a=setup:actpass\r
a=sendrecv\r
a=rtcp-mux\r
a=rtpmap:111 opus/48000/2\r
a=fmtp:111 minptime=10;useinbandfec=1\r
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r
a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host generation 0\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
c=IN IP4 0.0.0.0\r
a=mid:1\r
a=sctp-port:5000\r
"""
FRAGMENT = b"""a=ice-ufrag:EsAw\r
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r
m=audio 9 RTP/AVP 0\r
a=mid:0\r
a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r
a=end-of-candidates\r
"""
CANDIDATES = (
    b"candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host generation 0 ufrag EsAw",
    b"candidate:2 1 tcp 1518280447 2001:db8::1 9 typ host tcptype active",
    b"candidate:3 1 udp 1677729535 192.0.2.2 5001 typ srflx raddr 10.0.0.1 rport 5000",
)

TARGETS: dict[str, Target] = {
    "sdp": Target(fuzz_sdp, (SDP,)),
    "fragment": Target(fuzz_fragment, (FRAGMENT,)),
    "candidate": Target(fuzz_candidate, CANDIDATES),
    "stun": Target(fuzz_stun, _stun_seeds()),
    "turn-messages": Target(fuzz_turn_messages, _message_seeds()),
    "turn-responses": Target(fuzz_turn_responses, (*_stun_seeds(), *_message_seeds())),
    "trace": Target(fuzz_trace, _trace_seeds()),
    "framing": Target(fuzz_framing, tuple(map(frame, _stun_seeds()))),
    "agent": Target(fuzz_agent, (*_stun_seeds(), *_message_seeds())),
    "agent-signed": Target(fuzz_signed, tuple(seed[20:] for seed in _stun_seeds())),
    "agent-connections": Target(
        fuzz_agent_connections, (*map(frame, _stun_seeds()), *_message_seeds())
    ),
    "mdns": Target(fuzz_mdns, MDNS_SEEDS),
    "agent-candidates": Target(fuzz_remote_candidate, CANDIDATE_SEEDS),
    "rtp": Target(fuzz_rtp, packet_seeds()),
    "rtcp": Target(fuzz_rtcp, RTCP),
    "payload": Target(fuzz_payload, PAYLOADS),
    "buffers": Target(fuzz_buffers, RECORDS),
    "datagram": Target(fuzz_datagram, DATAGRAMS),
    "hello": Target(fuzz_hello, DATAGRAMS),
    "sctp": Target(fuzz_sctp, CHUNKS),
    "media": Target(fuzz_media, PACKETS),
}


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Damage an input in one to four places."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        position = rng.randrange(len(changed) + 1)
        match rng.randrange(6):
            case 0 if position < len(changed):
                changed[position] ^= 1 << rng.randrange(8)
            case 1 if position < len(changed):
                changed[position] = rng.choice((0, 1, 3, 4, 0x40, 0x7F, 0x80, 0xFF))
            case 2:
                del changed[position : position + rng.randint(1, 8)]
            case 3:
                changed[position:position] = rng.randbytes(rng.randint(1, 8))
            case 4:
                changed[position:position] = changed[position : position + rng.randint(1, 32)]
            case _:
                del changed[position:]
    return bytes(changed)


def make_input(seeds: tuple[bytes, ...], rng: random.Random) -> bytes:
    """A mutated seed most of the time, noise sometimes."""
    if not seeds or rng.randrange(10) == 0:
        return rng.randbytes(rng.randrange(200))
    return mutate(rng.choice(seeds), rng)


def fuzz(name: str, target: Target, runs: int, seed: int) -> bool:
    """Run one parser; tells whether it held."""
    rng = random.Random(f"{name} {seed}")
    for number in range(runs):
        data = make_input(target.seeds, rng)
        try:
            target.run(data)
        except Exception:
            traceback.print_exc()
            print(f"{name}: input {number} of seed {seed} broke it: {data.hex()}")
            return False
    print(f"{name}: {runs} inputs, no surprise")
    return True


def main(arguments: list[str] | None = None) -> int:
    """Fuzz what the command line names; the exit status."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TARGETS))
    parser.add_argument("--runs", type=int, default=5000, help="inputs for each parser")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in TARGETS]
    if unknown:
        parser.error(f"no parser named {', '.join(unknown)}")
    names = options.names or list(TARGETS)
    held = [fuzz(name, TARGETS[name], options.runs, options.seed) for name in names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
