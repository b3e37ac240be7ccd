"""A stream that repairs another one: its numbers, and what was sent."""

import secrets


def first_sequence_number() -> int:
    """Choose in the lower half: an early wrap could break the SRTP rollover counter."""
    return secrets.randbelow(1 << 15)


class RepairSource:
    """What is sent by one SSRC to repair another stream (RFC 4588 §4), for sender reports."""

    def __init__(self, ssrc: int | None) -> None:
        self.ssrc = ssrc
        self.packets = self.octets = 0
        self._sequence_number = first_sequence_number()

    def next_number(self) -> int:
        """Return the sequence number of the next packet."""
        number, self._sequence_number = self._sequence_number, self._sequence_number + 1 & 0xFFFF
        return number

    def count(self, octets: int) -> None:
        """Note a packet that is sent, by the bytes of its payload."""
        self.packets += 1
        self.octets += octets
