"""Having the last packets of pictures asked for as soon as packets of others show their loss."""

from collections.abc import Iterable

from peer.rtp import TransportGaps

from .inbound import InboundPacket
from .seeing import Seeing


class Suspicion:
    """Sees the packets of one transport; what is lost is suspected where it is clear of whom."""

    def __init__(self) -> None:
        self._gaps = TransportGaps()

    def note(
        self,
        packet: InboundPacket,
        number: int,
        pictures: Iterable[Seeing | None],
        now: float,
    ) -> None:
        """Note a packet that was handed out, by the number it has on the transport.

        `pictures` are those that others may be of.
        """
        lost = self._gaps.note(number, packet.ssrc, packet.sequence_number)
        if lost:
            others = [
                (seeing, ssrc)
                for seeing in pictures
                if seeing is not None
                for ssrc in seeing.followed(now)
                if ssrc != packet.ssrc
            ]
            if len(others) == 1:
                seeing, ssrc = others[0]
                seeing.suspect(ssrc, lost, now)
