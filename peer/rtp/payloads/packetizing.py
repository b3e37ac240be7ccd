"""From frames to the payloads of packets: how much fits into one, and splitting evenly."""

from typing import NamedTuple, Protocol


class Room(NamedTuple):
    """Bytes of payload a packet has room for; `first` and `last` have so much less of it.

    What comes only with the first or the last packet of a frame, in their header extensions, is
    less than half of a packet.
    """

    size: int
    first: int = 0
    last: int = 0

    def less(self, size: int) -> "Room":
        """Return the room that is left beside `size` bytes in each packet."""
        return Room(self.size - size, self.first, self.last)

    def part(self, *, first: bool, last: bool) -> "Room":
        """Return the room of packets that need not hold the beginning or the end of the frame."""
        return Room(self.size, self.first if first else 0, self.last if last else 0)

    @property
    def single(self) -> int:
        """Bytes that a packet holds which is the first and the last."""
        return self.size - self.first - self.last


class TemporalLayer(NamedTuple):
    """The layer of a picture, 0 the lowest, in formats whose packets tell it (RFC 7741 §4.2).

    It refers to pictures of its layer and below, with `is_sync` to the lowest layer alone. None
    needs it unless it `is_reference`.
    """

    temporal: int
    is_sync: bool
    is_reference: bool


class Packetizer(Protocol):
    """Makes payloads of the frames of one codec; it lasts as long as the SSRC of its stream."""

    def pack(self, frame: bytes, room: Room, layer: TemporalLayer | None = None) -> list[bytes]:
        """Return the payloads of a frame as encoders give it; none when there is nothing in it.

        What the format cannot split is larger than `room`.
        """


class WholePacketizer:
    """Frames that are payloads already, as those of sound."""

    def pack(self, frame: bytes, room: Room, layer: TemporalLayer | None = None) -> list[bytes]:
        """Return the one payload."""
        return [frame] if frame else []


def split_evenly(data: bytes, room: Room) -> list[bytes]:
    """Cut bytes into as few parts as fit, whose packets are equally large but for the last.

    That is smaller by less than a byte for each packet: so all leave in one system call, and none
    is a small remnant, which would be as likely to be lost as a large packet.
    """
    size = len(data)
    if size <= room.single:
        return [data]
    # The room that is missing in the first and in the last counts as if it were filled.
    total = size + room.first + room.last
    count = max(2, -(-total // room.size))
    share = -(-total // count)
    parts = []
    begin = 0
    for index in range(count):
        # Of very many packets the last could be left with nothing.
        end = min(share * (index + 1) - room.first, size - (count - 1 - index))
        parts.append(data[begin:end])
        begin = end
    return parts
