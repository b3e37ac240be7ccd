"""Fuzzing DTLS, SRTP and SCTP over two transports in memory, the peer's and the victim's."""

import asyncio
import atexit
import functools
import struct
from collections.abc import Callable, Sequence

from google_crc32c import value as crc32c

from peer.ice import EmbeddingState, HandshakeStage, IceRole, IceState
from peer.transports import (
    Certificate,
    DtlsRole,
    DtlsTransport,
    IceTransport,
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RtpReceiveParameters,
    RtpReceiver,
    SctpTransport,
    TransportGroup,
)

FEEDBACK = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli"), RTCRtcpFeedback("goog-remb")]
CODECS = (
    RTCRtpCodecParameters("video/VP8", 90000, None, 96, FEEDBACK),
    RTCRtpCodecParameters("video/rtx", 90000, None, 97, parameters={"apt": 96}),
    RTCRtpCodecParameters("video/H264", 90000, None, 98, FEEDBACK),
)


@functools.cache
def certificates() -> tuple[Certificate, Certificate]:
    """Return that of the victim and that of the peer."""
    return Certificate.generate(), Certificate.generate()


class _Path:
    """Hands datagrams to the other end at once."""

    other: IceTransport | None = None
    embedding = EmbeddingState.OFF

    def send_flight(self, datagrams: Sequence[bytes]) -> None:
        for datagram in datagrams:
            self.send(datagram)

    def note_handshake(self, stage: HandshakeStage, datagram: bytes = b"") -> None:
        """Embed nothing."""

    def set_taker(self, taker: object) -> None:
        """Embed nothing."""

    def send(self, *datagrams: bytes) -> None:
        for data in datagrams:
            if self.other is not None:
                self.other.deliver(data, asyncio.get_running_loop().time())


def _ends() -> tuple[IceTransport, IceTransport]:
    paths = _Path(), _Path()
    roles = IceRole.CONTROLLING, IceRole.CONTROLLED
    left, right = (IceTransport(path, role=role) for path, role in zip(paths, roles, strict=True))
    paths[0].other, paths[1].other = right, left
    for end in (left, right):
        end.set_state(IceState.CONNECTED)
    return left, right


class Victim:
    """A connected transport with data and media, and the peer that has its keys."""

    def __init__(self) -> None:
        ours, theirs = certificates()
        left, self.ice = _ends()
        self.peer = DtlsTransport(left, theirs)
        self.group = TransportGroup([self.ice], ours)
        self.peer.connect(DtlsRole.CLIENT, ours.getFingerprints())
        self.group.connect(DtlsRole.SERVER, theirs.getFingerprints())
        self.far = SctpTransport(self.peer)
        self.sctp = SctpTransport(self.group.rtp)
        self.group.set_data(self.sctp)
        self.receiver = RtpReceiver("video")
        self.receiver.receive(self.group, RtpReceiveParameters("0", CODECS, (), rtcp_ssrc=9))
        self.header = b""

    async def connect(self) -> "Victim":
        """Wait for DTLS and SCTP."""
        for end in (self.far, self.sctp):
            end.connect(5000)
        await _until(lambda: self.sctp.state == self.far.state == "connected")
        self.group.rtp.set_data_sink(self._learn)
        self.far.create_channel("fuzz")
        await _until(lambda: bool(self.header))
        self.group.rtp.set_data_sink(self.sctp.receive)
        return self

    def _learn(self, packet: bytes) -> None:
        """Keep ports and verification tag of what the peer sends."""
        self.header = packet[:8]
        self.sctp.receive(packet)

    @property
    def alive(self) -> bool:
        """Tell whether there is still something to break."""
        return self.sctp.state == "connected" and self.group.connected

    async def close(self) -> None:
        """Leave nothing behind."""
        for one in (self.receiver.stop, self.sctp.close, self.far.close, self.group.close):
            await one()
        await self.peer.close()


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what it looks at tells nobody of its changes
        await asyncio.sleep(0)


class _Bench:
    """One event loop for all inputs, and the victim of the moment."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(self._note)
        self.failures: list[BaseException] = []
        self.victim: Victim | None = None

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        self.failures.append(
            error if isinstance(error, BaseException) else RuntimeError(str(context))
        )

    def run(self, attack: Callable[[Victim], None]) -> None:
        """Attack once, and raise what went wrong in the loop."""
        self.loop.run_until_complete(self._attack(attack))
        if self.failures:
            raise self.failures.pop()

    async def _attack(self, attack: Callable[[Victim], None]) -> None:
        if self.victim is not None and not self.victim.alive:
            await self.victim.close()
            self.victim = None
        victim = self.victim = self.victim or await Victim().connect()
        attack(victim)
        for _ in range(3):
            await asyncio.sleep(0)

    def end(self) -> None:
        """Leave nothing behind."""
        if self.victim is not None:
            self.loop.run_until_complete(self.victim.close())
        self.loop.close()


@functools.cache
def bench() -> _Bench:
    """Return the bench of this process."""
    made = _Bench()
    atexit.register(made.end)
    return made


def fuzz_datagram(data: bytes) -> None:
    """Let a datagram of a stranger arrive at an association."""

    def attack(victim: Victim) -> None:
        if data:
            victim.ice.deliver(data, 0.0)
            assert victim.group.connected

    bench().run(attack)


def fuzz_hello(data: bytes) -> None:
    """Let a datagram of a stranger arrive where an association is to be set up."""

    async def attack() -> None:
        ours, theirs = certificates()
        ice, _ = _ends()
        waiting = DtlsTransport(ice, ours)
        waiting.connect(DtlsRole.SERVER, theirs.getFingerprints())
        await _until(lambda: waiting.state == "connecting")
        for _ in range(2):
            ice.deliver(data, 0.0)
            await asyncio.sleep(0)
        await waiting.close(silently=True)

    bench().loop.run_until_complete(attack())


def fuzz_sctp(data: bytes) -> None:
    """Let the chunks of a packet arrive from the peer."""

    def attack(victim: Victim) -> None:
        packet = victim.header + bytes(4) + data
        checksum = struct.pack("<L", crc32c(packet))
        victim.sctp.receive(victim.header + checksum + data)

    bench().run(attack)


def fuzz_media(data: bytes) -> None:
    """Let a packet of RTP or RTCP arrive from the peer."""

    def attack(victim: Victim) -> None:
        if len(data) >= 2 and 192 <= data[1] <= 223:
            victim.peer.send_rtcp(data)
        else:
            victim.peer.send_rtp(data)

    bench().run(attack)


def _chunk(kind: int, body: bytes, flags: int = 3) -> bytes:
    return struct.pack("!BBH", kind, flags, 4 + len(body)) + body + bytes(-len(body) % 4)


def _rtp(payload_type: int, payload: bytes) -> bytes:
    return struct.pack("!BBHLL", 0x80, payload_type, 1, 3000, 7) + payload


_HELLO = b"\x01" + (50).to_bytes(3, "big") + bytes(5) + (50).to_bytes(3, "big") + bytes(50)
DATAGRAMS = (
    b"\x16\xfe\xfd" + bytes(8) + len(_HELLO).to_bytes(2, "big") + _HELLO,
    b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28",
    b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x20" + bytes(32),
    b"\x80\x60" + bytes(40),
    b"\x80\xc8" + bytes(40),
)
CHUNKS = (
    _chunk(0, struct.pack("!LHHL", 1, 1, 0, 51) + b"hello") * 2,
    _chunk(0, struct.pack("!LHHL", 1, 3, 0, 50) + struct.pack("!BBHLHH", 3, 0, 0, 0, 1, 0) + b"x"),
    _chunk(3, struct.pack("!LLHHHHL", 1, 1000, 1, 1, 2, 9, 5)),
    _chunk(192, struct.pack("!LHH", 9, 1, 1)),
    _chunk(130, struct.pack("!HHLLLH", 13, 18, 1, 1, 1, 1) + b"\0\0"),
    _chunk(4, struct.pack("!HH", 1, 8) + b"beat"),
    _chunk(1, struct.pack("!LLHHL", 1, 1000, 9, 9, 1)),
    _chunk(10, bytes(24)),
)
_PARAMETER_SET = bytes.fromhex("67640028acd940780227e5c044000003000400000300f03c60c658")
PACKETS = (
    _rtp(96, b"\x90\x80\x01\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00" + bytes(20)),
    _rtp(98, _PARAMETER_SET),
    _rtp(98, b"\x78" + len(_PARAMETER_SET).to_bytes(2, "big") + _PARAMETER_SET),
    _rtp(98, b"\x7c\x85" + bytes(20)),
    _rtp(97, b"\x00\x01\x10" + bytes(20)),
    struct.pack("!BBHLLHH", 0x81, 205, 3, 9, 9, 1, 0xFFFF),
    struct.pack("!BBHL5L", 0x80, 200, 6, 7, *range(5)),
    struct.pack("!BBHL", 0x81, 203, 1, 7),
)
