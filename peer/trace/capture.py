"""What went through sockets, and what DTLS and SRTP protect, as packets of a capture."""

from . import pcapng
from .pcapng import Address, Interface

MAX_SEGMENT = 1 << 14
"""Bytes of a stream in one packet."""
WARNING = (
    "aiopeer: packets of a WebRTC call WITH THE KEYS of its DTLS associations, from which those of "
    "SRTP follow, and with what its data channels carry. Who has this file can read the call."
)
_PORTS = 0xFFFF
_INDICATIONS = (b"\x00\x16", b"\x00\x17")
_DATA = b"\x00\x13"
STREAM = "from a TCP or TLS connection, without TLS"


class CaptureWriter:
    """Makes the blocks of a capture; times are in seconds since 1970.

    `secrets` have to be written before the packets that they decrypt. Of media only the headers
    are kept unless it is `whole`; streams are whole, because what is cut could not be joined again.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self._sequence: dict[tuple[Address, Address], int] = {}

    @staticmethod
    def head() -> bytes:
        """Give what begins a file, with a warning about what is in it."""
        return pcapng.head(WARNING)

    @staticmethod
    def secrets(client_random: bytes, master_secret: bytes) -> bytes:
        """Give the secrets of a DTLS association."""
        return pcapng.secrets(client_random, master_secret)

    def datagram(
        self,
        time: float,
        data: bytes,
        local: Address,
        remote: Address,
        *,
        leaves: bool,
    ) -> bytes:
        """Give a datagram of the wire."""
        source, destination = (local, remote) if leaves else (remote, local)
        shown = pcapng.udp(data, source, destination)
        kept = shown[: len(shown) - self._rest(data[_media_at(data) :])]
        return pcapng.packet(Interface.WIRE, time, kept, leaves=leaves, size=len(shown))

    def stream(
        self, time: float, data: bytes, local: Address, remote: Address, *, leaves: bool
    ) -> bytes:
        """Give the next part of a stream, as segments of TCP."""
        source, destination = (local, remote) if leaves else (remote, local)
        made = []
        for at in range(0, len(data), MAX_SEGMENT):
            part = data[at : at + MAX_SEGMENT]
            sequence = self._sequence.get((source, destination), 1)
            answered = self._sequence.get((destination, source), 1)
            self._sequence[source, destination] = sequence + len(part)
            shown = pcapng.tcp(part, source, destination, sequence, answered)
            made.append(pcapng.packet(Interface.WIRE, time, shown, leaves=leaves, comment=STREAM))
        return b"".join(made)

    def records(self, time: float, datagram: bytes, association: int, *, leaves: bool) -> bytes:
        """Give a datagram of DTLS, whichever path it takes: alone, in checks, over relays."""
        tags = _tags("dtls", association, leaves=leaves)
        return pcapng.packet(Interface.DTLS, time, tags + datagram, leaves=leaves)

    def data(self, time: float, message: bytes, *, leaves: bool) -> bytes:
        """Give a packet of SCTP, which DTLS protects on the wire."""
        return pcapng.packet(Interface.DATA, time, message, leaves=leaves)

    def media(
        self,
        time: float,
        packet: bytes,
        association: int,
        *,
        control: bool,
        leaves: bool,
    ) -> bytes:
        """Give a packet of RTP or RTCP, which SRTP protects on the wire."""
        tags = _tags("rtcp" if control else "rtp", association, leaves=leaves)
        shown = tags + packet
        kept = shown if control else shown[: len(shown) - self._rest(packet)]
        return pcapng.packet(Interface.MEDIA, time, kept, leaves=leaves, size=len(shown))

    def _rest(self, media: bytes) -> int:
        """The bytes at the end of a packet of media that are not kept."""
        return 0 if self._whole else len(media) - pcapng.media_head(media)


def _media_at(datagram: bytes) -> int:
    """Tell where media begins, also in what a relay carries (RFC 8656 §11, §12); else the end."""
    at, size = 0, len(datagram)
    if datagram[:2] in _INDICATIONS:
        at = 20
        while at < size and datagram[at : at + 2] != _DATA:
            length = int.from_bytes(datagram[at + 2 : at + 4], "big")
            at += 4 + length + -length % 4
        at += 4
    elif datagram and 64 <= datagram[0] <= 79:  # RFC 7983 §7
        at = 4
    return at if at < size and 128 <= datagram[at] <= 191 else size


def _tags(protocol: str, association: int, *, leaves: bool) -> bytes:
    """Tell of a packet that belongs to an association of DTLS.

    Each has a conversation of its own, between addresses that stand for us and the peer, and its
    media another one: what Wireshark has seen DTLS agree on SRTP for, it takes for encrypted.
    """
    net, port = int(protocol != "dtls"), 1 + association % _PORTS
    ours, theirs = (f"0.0.{net}.1", port), (f"0.0.{net}.2", port)
    return pcapng.tags(protocol, *((ours, theirs) if leaves else (theirs, ours)))
