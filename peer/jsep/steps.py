"""The steps of a plan, in three closed unions: about a transport, a transceiver, or the data.

Each step has all that its execution needs, so that nobody has to look at the state again.
"""

from typing import TypeAlias

from peer.jsep.credentials import IceCredentials
from peer.jsep.wiring import (
    DataParameters,
    DtlsParameters,
    ReceiveParameters,
    RemoteIce,
    SendParameters,
)
from peer.records import dataclass
from sdp import Candidate


@dataclass(frozen=True, slots=True)
class CreateTransport:
    """Make ICE and DTLS for a section, with one component or two, in this ICE role."""

    transport: int
    mid: str
    components: int
    local: IceCredentials
    controlling: bool


@dataclass(frozen=True, slots=True)
class RestartIce:
    """Begin a new local ICE generation, keeping the selected pair until a new one is found."""

    transport: int
    local: IceCredentials


@dataclass(frozen=True, slots=True)
class CancelIceRestart:
    """Go back to the ICE generation before the restart; its offer was rolled back."""

    transport: int
    local: IceCredentials


@dataclass(frozen=True, slots=True)
class RetagTransport:
    """The candidates of the transport now belong to another section."""

    transport: int
    mid: str


@dataclass(frozen=True, slots=True)
class DropRtcpComponent:
    """RTCP is multiplexed from now on: the second component goes."""

    transport: int


@dataclass(frozen=True, slots=True)
class SetRemoteIce:
    """Check with these credentials; a change means that the peer began a new generation."""

    transport: int
    remote: RemoteIce


@dataclass(frozen=True, slots=True)
class AddRemoteCandidates:
    """Candidates of the present remote generation, none given before."""

    transport: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class EndOfRemoteCandidates:
    """The peer has no further candidates in this generation."""

    transport: int


@dataclass(frozen=True, slots=True)
class StartDtls:
    """Run the handshake on every component, or a new one when there was an association."""

    transport: int
    dtls: DtlsParameters


@dataclass(frozen=True, slots=True)
class CloseTransport:
    """Nothing uses the transport any more."""

    transport: int


@dataclass(frozen=True, slots=True)
class Gather:
    """Gather candidates for the transport's present generation."""

    transport: int


@dataclass(frozen=True, slots=True)
class CreateTransceiver:
    """A remote offer needs a transceiver that does not exist yet.

    Its receiver's track goes by `track_id`, where the offer names one.
    """

    transceiver: int
    kind: str
    track_id: str | None


@dataclass(frozen=True, slots=True)
class SetReceiver:
    """Receive, or go on receiving, with these parameters, which may name another transport."""

    transceiver: int
    parameters: ReceiveParameters


@dataclass(frozen=True, slots=True)
class StopReceiver:
    """Receive no more."""

    transceiver: int


@dataclass(frozen=True, slots=True)
class SetSender:
    """Send, or go on sending, with these parameters, which may name another transport."""

    transceiver: int
    parameters: SendParameters


@dataclass(frozen=True, slots=True)
class StopSender:
    """Send no more."""

    transceiver: int


@dataclass(frozen=True, slots=True)
class AddRemoteTrack:
    """Report the receiver's track, new or in further streams (W3C "process remote tracks").

    It is in these streams and no others from now on.
    """

    transceiver: int
    streams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetRemoteStreams:
    """The receiver's track is in these streams only, and in none that is new."""

    transceiver: int
    streams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveRemoteTrack:
    """Mute the receiver's track and take it out of its streams."""

    transceiver: int


@dataclass(frozen=True, slots=True)
class StopTransceiver:
    """The transceiver is stopped for good: end its tracks and drop it."""

    transceiver: int


@dataclass(frozen=True, slots=True)
class StartSctp:
    """Start the association of the data channels."""

    parameters: DataParameters


@dataclass(frozen=True, slots=True)
class UpdateSctp:
    """Go on with the association, over another transport or with another message size."""

    parameters: DataParameters


@dataclass(frozen=True, slots=True)
class StopSctp:
    """End the association and close all channels."""


LinkStep: TypeAlias = (
    RestartIce
    | CancelIceRestart
    | RetagTransport
    | DropRtcpComponent
    | SetRemoteIce
    | AddRemoteCandidates
    | EndOfRemoteCandidates
    | StartDtls
)
"""What is done to one transport there is."""
TransportStep: TypeAlias = CreateTransport | LinkStep | CloseTransport | Gather
MediaStep: TypeAlias = (
    CreateTransceiver
    | SetReceiver
    | StopReceiver
    | SetSender
    | StopSender
    | AddRemoteTrack
    | SetRemoteStreams
    | RemoveRemoteTrack
    | StopTransceiver
)
DataStep: TypeAlias = StartSctp | UpdateSctp | StopSctp
Step: TypeAlias = TransportStep | MediaStep | DataStep
Plan: TypeAlias = tuple[Step, ...]
