"""STUN messages and ChannelData on a byte stream (RFC 8656 §12.5, RFC 8489 §6.2.2)."""

from ..stun import StunError

_HEADER = 4


class MessageSplitter:
    """Cuts what a TURN server sends over TCP or TLS into messages, however the bytes arrive.

    It never holds more than one unfinished message, at most 65556 bytes.
    """

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes from the stream; returns the messages that are complete.

        ChannelData comes without its padding. Raises StunError when the stream makes no sense:
        where one message ends is then unknown for good, so the connection is to be closed.
        """
        buffer = self._buffer
        buffer += data
        messages = []
        position = 0
        while len(buffer) - position >= _HEADER:
            length = buffer[position + 2] << 8 | buffer[position + 3]
            first = buffer[position]
            if first < 4:
                size = whole = 20 + length
                if length & 3:
                    raise StunError("bad-framing", "STUN length is not a multiple of 4")
            elif 64 <= first <= 79:
                size = _HEADER + length
                whole = (size + 3) & ~3
            else:
                raise StunError("bad-framing", f"first byte {first}")
            if len(buffer) - position < whole:
                break
            messages.append(bytes(buffer[position : position + size]))
            position += whole
        if position:
            del buffer[:position]
        return messages
