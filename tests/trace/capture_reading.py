"""A reader of captures, as little as tests need (pcapng, draft-ietf-opsawg-pcapng)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple


class Packet(NamedTuple):
    """A packet, and where in the order of all blocks it is."""

    place: int
    interface: int
    time: float
    data: bytes
    size: int
    leaves: bool
    comment: str


class Capture(NamedTuple):
    """What a file has."""

    comment: str
    interfaces: list[tuple[str, int]]
    secrets: list[tuple[int, str]]
    packets: list[Packet]

    def on(self, interface: int) -> list[Packet]:
        """The packets of one interface."""
        return [each for each in self.packets if each.interface == interface]


def read_capture(data: bytes) -> Capture:
    """Read a whole file; any block that is not as it should be is an error."""
    found = Capture("", [], [], [])
    for place, (kind, body) in enumerate(_blocks(data)):
        if kind == 0x0A0D0D0A:
            assert struct.unpack_from("<IHHq", body) == (0x1A2B3C4D, 1, 0, -1)
            found = found._replace(comment=_options(body[16:])[1].decode())
        elif kind == 1:
            link = struct.unpack_from("<H", body)[0]
            options = _options(body[8:])
            assert options[9] == b"\x09"
            found.interfaces.append((options[2].decode(), link))
        elif kind == 10:
            name, length = struct.unpack_from("<II", body)
            assert name == 0x544C534B
            found.secrets.append((place, body[8 : 8 + length].decode()))
        else:
            assert kind == 6
            found.packets.append(_packet(place, body))
    return found


def _packet(place: int, body: bytes) -> Packet:
    interface, high, low, kept, size = struct.unpack_from("<IIIII", body)
    options = _options(body[20 + kept + -kept % 4 :])
    direction = int.from_bytes(options[2], "little")
    assert direction in (1, 2)
    comment = options.get(1, b"").decode()
    time = (high << 32 | low) / 1e9
    data = body[20 : 20 + kept]
    return Packet(place, interface, time, data, size, direction == 2, comment)


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        assert size % 4 == 0
        assert struct.unpack_from("<I", data, at + size - 4)[0] == size
        yield kind, data[at + 8 : at + size - 4]
        at += size


def _options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while True:
        code, size = struct.unpack_from("<HH", data, at)
        if code == 0:
            assert at + 4 == len(data)
            return found
        found[code] = data[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4
