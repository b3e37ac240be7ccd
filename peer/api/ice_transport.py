"""What the application sees of an ICE transport (W3C RTCIceTransport)."""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

from peer.ice import Candidate, CandidateType, IceState
from peer.jsep import IceCredentials, RemoteIce
from peer.transports import IceTransport
from sdp import Candidate as SdpCandidate

from .candidates import from_ice
from .configuration import DEFAULT_ICE_SERVERS, RTCIceServer
from .event_target import EventHandler, EventTarget
from .events import Event
from .ice_candidate import RTCIceCandidate, from_sdp
from .kinship import Alone


@dataclass(frozen=True)
class RTCIceParameters:
    """Credentials of one side (W3C RTCIceParameters)."""

    usernameFragment: str
    password: str = field(repr=False)
    iceLite: bool = False


@dataclass(frozen=True)
class RTCIceCandidatePair:
    """The two ends of a path (W3C RTCIceCandidatePair)."""

    local: RTCIceCandidate
    remote: RTCIceCandidate


class IceView(Protocol):
    """What is to be known of the ICE stream a transport belongs to."""

    @property
    def mid(self) -> str:
        """The identification of its section."""

    @property
    def local(self) -> IceCredentials:
        """Our credentials."""

    @property
    def remote(self) -> RemoteIce | None:
        """The peer's credentials, None before they are known."""

    @property
    def local_candidates(self) -> tuple[SdpCandidate, ...]:
        """The local candidates of the present generation."""

    @property
    def remote_candidates(self) -> tuple[SdpCandidate, ...]:
        """The remote candidates of the present generation."""


@dataclass(frozen=True, slots=True)
class _LastView:
    """What was to be known of a stream when the connection was closed, without the stream."""

    mid: str
    local: IceCredentials
    remote: RemoteIce | None
    local_candidates: tuple[SdpCandidate, ...]
    remote_candidates: tuple[SdpCandidate, ...]

    @classmethod
    def of(cls, view: IceView) -> Self:
        """Look for the last time."""
        return cls(view.mid, view.local, view.remote, view.local_candidates, view.remote_candidates)


def _known(remote: Candidate) -> Candidate:
    """Hide the address of a candidate that no signalling told of (W3C webrtc-stats §8.12)."""
    learned = remote.type is CandidateType.PEER_REFLEXIVE
    return replace(remote, hidden=True) if learned else remote


class RTCIceGatherer(EventTarget, metaclass=Alone):
    """The local side of an RTCIceTransport, for programs written for aiortc.

    It emits "statechange".
    """

    def __init__(self, transport: "RTCIceTransport") -> None:
        super().__init__()
        self._transport = transport

    @property
    def state(self) -> str:
        """One of "new", "gathering" and aiortc's "completed"."""
        state = self._transport.gatheringState
        return "completed" if state == "complete" else state

    @classmethod
    def getDefaultIceServers(cls) -> list[RTCIceServer]:
        """Return the servers of a configuration without any."""
        return [replace(one) for one in DEFAULT_ICE_SERVERS]

    def getLocalCandidates(self) -> list[RTCIceCandidate]:
        """Return the candidates gathered in the present generation."""
        return self._transport.getLocalCandidates()

    def getLocalParameters(self) -> RTCIceParameters | Any:
        """Return our credentials, None before there are any and once closed."""
        return self._transport.getLocalParameters()


class RTCIceTransport(EventTarget, metaclass=Alone):
    """One component of an ICE stream.

    It emits "statechange", "gatheringstatechange" and "selectedcandidatepairchange". Applications
    may hold it before there is a stream; `begin` says which it is.
    """

    onstatechange = EventHandler[Event]()
    ongatheringstatechange = EventHandler[Event]()
    onselectedcandidatepairchange = EventHandler[Event]()

    def __init__(self) -> None:
        super().__init__()
        self._below: IceTransport | None = None
        self._view: IceView | None = None
        self._ended = False
        self._gatherer: RTCIceGatherer | None = None

    def begin(self, below: IceTransport, view: IceView) -> None:
        """Go by a component from now on."""
        self._below = below
        self._view = view
        for name in ("statechange", "gatheringstatechange", "selectedcandidatepairchange"):
            below.on(name, lambda name=name: self._tell(name))

    @property
    def iceGatherer(self) -> RTCIceGatherer:
        """Its local side."""
        if self._gatherer is None:
            self._gatherer = RTCIceGatherer(self)
        return self._gatherer

    @property
    def component(self) -> str:
        """ "rtp" or "rtcp"."""
        return "rtp" if self._below is None or self._below.component == 1 else "rtcp"

    @property
    def role(self) -> str:
        """ "controlling" or "controlled", "unknown" before it begins."""
        return "unknown" if self._below is None else self._below.role

    @property
    def state(self) -> str:
        """The RTCIceTransportState."""
        if self._ended:
            return IceState.CLOSED.value
        return IceState.NEW.value if self._below is None else self._below.state.value

    @property
    def gatheringState(self) -> str:
        """One of "new", "gathering" and "complete"."""
        return "new" if self._below is None else self._below.gathering_state

    def getLocalCandidates(self) -> list[RTCIceCandidate]:
        """Return the candidates gathered in the present generation."""
        view = self._view
        return [] if view is None else [from_sdp(one, view.mid) for one in view.local_candidates]

    def getRemoteCandidates(self) -> list[RTCIceCandidate]:
        """Return the candidates the peer has told in the present generation."""
        view = self._view
        return [] if view is None else [from_sdp(one, view.mid) for one in view.remote_candidates]

    def getSelectedCandidatePair(self) -> RTCIceCandidatePair | None:
        """Return the pair in use, None when there is none."""
        view, pair = self._view, None if self._below is None else self._below.selected_pair
        if view is None or pair is None or self.state == IceState.CLOSED.value:
            return None
        remote = view.remote
        fragment = "" if remote is None else remote.credentials.ufrag
        return RTCIceCandidatePair(
            from_sdp(from_ice(pair[0], view.local.ufrag), view.mid),
            from_sdp(from_ice(_known(pair[1]), fragment), view.mid),
        )

    def getLocalParameters(self) -> RTCIceParameters | None:
        """Return our credentials, None before it begins and once closed."""
        if self._view is None or self.state == IceState.CLOSED.value:
            return None
        return RTCIceParameters(self._view.local.ufrag, self._view.local.pwd)

    def getRemoteParameters(self) -> RTCIceParameters | None:
        """Return the peer's credentials, None until they are known."""
        remote = None if self._view is None else self._view.remote
        if remote is None:
            return None
        return RTCIceParameters(remote.credentials.ufrag, remote.credentials.pwd, remote.lite)

    def end(self) -> None:
        """Be closed at once: the connection is. Only aiortc has an event for it (W3C close)."""
        before = self.state
        self._ended = True
        self._view = None if self._view is None else _LastView.of(self._view)
        if before != IceState.CLOSED.value:
            self.emit("statechange")

    def _tell(self, name: str) -> None:
        if not self._ended:
            self.announce(name)
            if name == "gatheringstatechange" and self._gatherer is not None:
                self._gatherer.announce("statechange")
