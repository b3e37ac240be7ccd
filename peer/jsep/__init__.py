"""Offer/answer (RFC 9429) as pure functions over records.

Every operation takes a `State` and returns a new one. Those that reach below the descriptions
return an `Outcome`: the new state, and a plan that says in order what transports, receivers and
senders have to do. What is refused raises a `DOMException`, and nothing has changed.

One exchange, seen from the side that offers; the plans of both outcomes are to be carried out:

    state = create_state(Configuration((fingerprint,)), entropy)
    state, transceiver_id = add_transceiver(state, "audio", entropy=entropy)
    state, offer = create_offer(state, entropy=entropy)
    state, plan = set_local_description(state, SdpType.OFFER, offer, entropy=entropy)
    ...  # the offer goes out, an answer comes back
    state, plan = set_remote_description(state, SdpType.ANSWER, answer, entropy=entropy)

The other side calls `set_remote_description`, `create_answer` and `set_local_description`. Local
candidates never go into the state: whoever gathers hands them in as `gathered`, by transport id, to
what writes a description. To trickle one, send it with the `mid` of its `Transport` in
`state.wiring.transports` and the username fragment in `Transport.local`.
"""

from peer.jsep.answer import create_answer
from peer.jsep.apply import set_local_description, set_remote_description
from peer.jsep.candidates import NOTHING_GATHERED, Gathered
from peer.jsep.codecs import (
    ANSWERED_VIDEO_CODECS,
    DEFAULT_AUDIO_CODECS,
    DEFAULT_VIDEO_CODECS,
    order_by_preference,
)
from peer.jsep.credentials import Entropy, IceCredentials
from peer.jsep.description import Section, SessionDescription
from peer.jsep.errors import (
    DOMException,
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    JsepTypeError,
    OperationError,
    RTCError,
)
from peer.jsep.extensions import DEFAULT_AUDIO_EXTENSIONS, DEFAULT_VIDEO_EXTENSIONS
from peer.jsep.model import (
    DEFAULT_ICE_OPTIONS,
    BundlePolicy,
    Configuration,
    Encoding,
    RtcpMuxPolicy,
    Slot,
    Transceiver,
)
from peer.jsep.negotiation_needed import is_negotiation_needed
from peer.jsep.offer import create_offer
from peer.jsep.remote_candidates import add_ice_candidate
from peer.jsep.signaling import TRANSITIONS, SdpType, Side, SignalingState
from peer.jsep.sources import Source, change_source
from peer.jsep.state import Outcome, State, create_state
from peer.jsep.steps import (
    AddRemoteCandidates,
    AddRemoteTrack,
    CancelIceRestart,
    CloseTransport,
    CreateTransceiver,
    CreateTransport,
    DataStep,
    DropRtcpComponent,
    EndOfRemoteCandidates,
    Gather,
    LinkStep,
    MediaStep,
    Plan,
    RemoveRemoteTrack,
    RestartIce,
    RetagTransport,
    SetReceiver,
    SetRemoteIce,
    SetRemoteStreams,
    SetSender,
    StartDtls,
    StartSctp,
    Step,
    StopReceiver,
    StopSctp,
    StopSender,
    StopTransceiver,
    TransportStep,
    UpdateSctp,
)
from peer.jsep.transceivers import (
    add_transceiver,
    close,
    is_rid,
    remove_track,
    request_data_channel,
    request_ice_restart,
    set_codec_preferences,
    set_direction,
    set_streams,
    stop_transceiver,
    use_for_track,
)
from peer.jsep.views import (
    DescriptionView,
    current_local_description,
    current_remote_description,
    local_description,
    pending_local_description,
    pending_remote_description,
    remote_description,
    transport_of_section,
)
from peer.jsep.wiring import (
    DataParameters,
    DtlsParameters,
    DtlsRole,
    ReceiveParameters,
    RemoteIce,
    SendParameters,
    Transport,
    Wiring,
)

__all__ = [
    # state and configuration
    "State",
    "create_state",
    "Outcome",
    "Configuration",
    "DEFAULT_ICE_OPTIONS",
    "BundlePolicy",
    "RtcpMuxPolicy",
    "ANSWERED_VIDEO_CODECS",
    "DEFAULT_AUDIO_CODECS",
    "DEFAULT_VIDEO_CODECS",
    "order_by_preference",
    "DEFAULT_AUDIO_EXTENSIONS",
    "DEFAULT_VIDEO_EXTENSIONS",
    "Entropy",
    "Transceiver",
    "Encoding",
    "Slot",
    # what the application does
    "add_transceiver",
    "use_for_track",
    "is_rid",
    "remove_track",
    "set_direction",
    "set_streams",
    "set_codec_preferences",
    "stop_transceiver",
    "change_source",
    "Source",
    "request_data_channel",
    "request_ice_restart",
    "is_negotiation_needed",
    "close",
    # descriptions
    "create_offer",
    "create_answer",
    "set_local_description",
    "set_remote_description",
    "add_ice_candidate",
    "Gathered",
    "NOTHING_GATHERED",
    "DescriptionView",
    "local_description",
    "current_local_description",
    "pending_local_description",
    "remote_description",
    "current_remote_description",
    "pending_remote_description",
    "SessionDescription",
    "Section",
    # signaling
    "SignalingState",
    "SdpType",
    "Side",
    "TRANSITIONS",
    # the plan
    "Plan",
    "Step",
    "TransportStep",
    "LinkStep",
    "MediaStep",
    "DataStep",
    "CreateTransport",
    "RestartIce",
    "CancelIceRestart",
    "RetagTransport",
    "DropRtcpComponent",
    "SetRemoteIce",
    "AddRemoteCandidates",
    "EndOfRemoteCandidates",
    "StartDtls",
    "CloseTransport",
    "Gather",
    "CreateTransceiver",
    "SetReceiver",
    "StopReceiver",
    "SetSender",
    "StopSender",
    "AddRemoteTrack",
    "SetRemoteStreams",
    "RemoveRemoteTrack",
    "StopTransceiver",
    "StartSctp",
    "UpdateSctp",
    "StopSctp",
    # what runs
    "Wiring",
    "Transport",
    "transport_of_section",
    "IceCredentials",
    "RemoteIce",
    "DtlsParameters",
    "DtlsRole",
    "ReceiveParameters",
    "SendParameters",
    "DataParameters",
    # errors
    "DOMException",
    "InvalidStateError",
    "InvalidAccessError",
    "InvalidModificationError",
    "OperationError",
    "RTCError",
    "JsepTypeError",
]
