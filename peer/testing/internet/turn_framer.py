"""STUN messages and ChannelData in a byte stream (RFC 8656 §3.1, §12.5)."""


class TurnFramer:
    """Cuts a byte stream into messages; the padding of ChannelData stays on."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes from the stream and return the messages that are complete now."""
        self._buffer += data
        messages = []
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[2:4], "big")
            is_channel_data = 0x40 <= self._buffer[0] <= 0x4F
            size = 4 + (length + 3 & ~3) if is_channel_data else 20 + length
            if len(self._buffer) < size:
                break
            messages.append(self._buffer[:size])
            self._buffer = self._buffer[size:]
        return messages
