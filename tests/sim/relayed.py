"""What a host under test sends and receives through TURN servers, unwrapped (RFC 8656 §11, §12)."""

from peer.ice import TransportAddress, stun

from .datagram_log import DatagramLog, Kind, Sent


class Unwrapper:
    """Reads relayed messages by the channels that the requests of a log ask for.

    A channel number may stand for several peers when a host has several allocations on a
    server: then any of them may be meant.
    """

    def __init__(self, log: DatagramLog) -> None:
        self._channels: dict[tuple[TransportAddress, int], set[TransportAddress]] = {}
        for sent in log.of_kind(Kind.REQUEST):
            message = sent.read()
            if message.method != stun.Method.CHANNEL_BIND:
                continue
            number = message.get(stun.CHANNEL_NUMBER)
            peer = message.get(stun.XOR_PEER_ADDRESS)
            if number is not None and peer is not None:
                self._channels.setdefault((sent.remote, number), set()).add(peer)

    def read(self, server: TransportAddress, data: bytes) -> tuple[set[TransportAddress], bytes]:
        """The peers that may be meant, and the payload; no peers when nothing is relayed."""
        if len(data) >= 4 and 0x40 <= data[0] <= 0x4F:
            number, size = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
            return self._channels.get((server, number), set()), data[4 : 4 + size]
        try:
            message = stun.parse(data)
            peer, payload = message.get(stun.XOR_PEER_ADDRESS), message.get(stun.DATA)
        except stun.StunError:
            return set(), b""
        is_indication = message.message_class is stun.MessageClass.INDICATION
        if not is_indication or peer is None or payload is None:
            return set(), b""
        return {peer}, payload


def relayed_checks(log: DatagramLog) -> list[tuple[Sent, set[TransportAddress], stun.Message]]:
    """The first transmission of every check that went through a relay, and where to."""
    unwrapper, seen, found = Unwrapper(log), set[bytes](), []
    for sent in log.of_kind(Kind.INDICATION, Kind.DATA):
        peers, payload = unwrapper.read(sent.remote, sent.data)
        if not peers or not stun.looks_like_stun(payload):
            continue
        message = stun.parse(payload)
        is_request = message.message_class is stun.MessageClass.REQUEST
        if is_request and message.transaction_id not in seen:
            seen.add(message.transaction_id)
            found.append((sent, peers, message))
    return found
