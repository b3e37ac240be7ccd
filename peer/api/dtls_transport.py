"""What the application sees of a DTLS transport (W3C RTCDtlsTransport)."""

from peer.transports import Certificate, RTCDtlsParameters, TransportGroup

from .errors import RTCError
from .event_target import EventHandler, EventTarget
from .events import Event, RTCErrorEvent
from .ice_transport import IceView, RTCIceTransport
from .kinship import Alone


class RTCDtlsTransport(EventTarget, metaclass=Alone):
    """The DTLS association of RTP and data; it emits "statechange" and "error".

    Applications may hold it before there is a transport; `begin` says which it is.
    """

    onstatechange = EventHandler[Event]()
    onerror = EventHandler[RTCErrorEvent]()

    def __init__(self, certificate: Certificate) -> None:
        super().__init__()
        self._certificate = certificate
        self._group: TransportGroup | None = None
        self._ice = RTCIceTransport()
        self._state = "new"
        self._ended = False
        self._failure = ""

    def begin(self, group: TransportGroup, view: IceView) -> None:
        """Go by a group of transports, and the ICE stream below, from now on."""
        self._group = group
        self._state = group.rtp.state
        self._ice.begin(group.ice[0], view)
        group.on("statechange", self._follow)

    @property
    def state(self) -> str:
        """One of "new", "connecting", "connected", "closed" and "failed"."""
        if self._ended:
            return "closed"
        if self._failure:
            return "failed"
        return "new" if self._group is None else self._group.rtp.state

    @property
    def iceTransport(self) -> RTCIceTransport:
        """The ICE transport below."""
        return self._ice

    @property
    def transport(self) -> RTCIceTransport:
        """The ICE transport below, under aiortc's name."""
        return self._ice

    def getLocalParameters(self) -> RTCDtlsParameters:
        """Return our fingerprints and role, as aiortc does."""
        if self._group is None:
            return RTCDtlsParameters(fingerprints=self._certificate.fingerprints)
        return self._group.rtp.getLocalParameters()

    def getRemoteCertificates(self) -> list[bytes]:
        """Return the peer's certificates as DER, none before it has shown them."""
        certificate = None if self._group is None else self._group.rtp.remote_certificate
        return [] if certificate is None else [certificate]

    def end(self) -> None:
        """Be closed at once: the connection is. Only aiortc has an event for it (W3C close)."""
        self._ended = True
        if self._state != "closed":
            self._state = "closed"
            self.emit("statechange")
        self._ice.end()

    def fail(self, reason: str) -> None:
        """Be failed for good: the connection gave the transport up."""
        self._failure = reason
        self._follow()

    def _follow(self) -> None:
        if self.state == self._state:
            return
        self._state = self.state
        if self._state == "failed":
            error = RTCErrorEvent(self._error())
            self.dispatch("error", error, error)
        self.announce("statechange")

    def _error(self) -> RTCError:
        below = None if self._group is None else self._group.rtp
        if self._failure or below is None:
            return RTCError(self._failure, error_detail="dtls-failure")
        detail = "fingerprint-failure" if below.mistaken else "dtls-failure"
        return RTCError(below.failure, error_detail=detail)
