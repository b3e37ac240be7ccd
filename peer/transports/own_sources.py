"""The SSRCs that are ours on one transport, and what becomes of those the peer sends by."""

from collections.abc import Callable, Collection
from contextlib import suppress

from peer.rtp import Collisions, Goodbye, ReceiverReport

from .parameters import RtpReceiveParameters, RtpSendParameters
from .rtcp import compound


class OwnSources:
    """Leaves an SSRC of ours to the peer where it sends by it as well (RFC 3550 §8.2).

    `tell` is given the section of a source that is to have another SSRC, and which of the sources
    there it is: "ssrc", "rtx_ssrc" or "fec_ssrc".
    """

    def __init__(
        self, send_rtcp: Callable[[bytes], object], tell: Callable[[str, str], object]
    ) -> None:
        self._send_rtcp, self._tell = send_rtcp, tell
        self._collisions = Collisions()
        self._known: dict[int, tuple[str, str, str | None]] = {}
        self.ssrcs: Collection[int] = self._known.keys()
        """All of them, of what is sent and what reports go by."""

    def list(
        self, sent: Collection[RtpSendParameters], received: Collection[RtpReceiveParameters]
    ) -> None:
        """Say what is sent and received from now on."""
        self._known.clear()
        for each in received:
            self._known[each.rtcp_ssrc] = each.mid, "ssrc", each.cname
        for one in sent:
            for ssrc, source in one.sources.items():
                self._known[ssrc] = one.mid, source, one.cname

    def note_collision(self, ssrc: int, now: float) -> None:
        """Note that the peer sends media by an SSRC of ours."""
        if not self._collisions.note(now):
            return
        mid, source, cname = self._known[ssrc]
        with suppress(ConnectionError):
            self._send_rtcp(compound(ReceiverReport(ssrc), cname, Goodbye((ssrc,))))
        self._tell(mid, source)
