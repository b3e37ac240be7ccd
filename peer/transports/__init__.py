"""DTLS and SRTP of aiortc, media and data on top of this project's ICE.

The only package that imports aiortc. One `TransportGroup` stands for one ICE stream: it has the
DTLS transport of each component and hands RTP and RTCP to the `RtpReceiver` and `RtpSender` of
each section; a `SctpTransport` with its channels may run over it as well.
"""

from typing import TYPE_CHECKING

from aiortc.codecs import (
    CODECS,
    HEADER_EXTENSIONS,
    depayload,
    g711,
    g722,
    get_capabilities,
    get_decoder,
    get_encoder,
    h264,
    is_rtx,
    opus,
    vpx,
)
from aiortc.codecs.base import Decoder, Encoder
from aiortc.contrib.media import (
    REAL_TIME_FORMATS,
    MediaBlackhole,
    MediaRelay,
    RelayStreamTrack,
)
from aiortc.exceptions import InvalidStateError
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.mediastreams import (
    AUDIO_PTIME,
    VIDEO_CLOCK_RATE,
    VIDEO_PTIME,
    VIDEO_TIME_BASE,
    AudioStreamTrack,
    MediaStreamError,
    MediaStreamTrack,
    VideoStreamTrack,
    convert_timebase,
)
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceCandidate, parse_stun_turn_uri
from aiortc.rtcrtpparameters import (
    RTCRtcpFeedback,
    RTCRtpCapabilities,
    RTCRtpCodecCapability,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionCapability,
    RTCRtpHeaderExtensionParameters,
)
from aiortc.rtcsessiondescription import RTCSessionDescription
from aiortc.sdp import SessionDescription

from peer.front_door import lazy
from peer.sctp import SctpDrop

from .captured import Onlooker
from .certificate import Certificate
from .datachannel import DataChannel
from .decoding import MediaDrop
from .dtls import DtlsRole, DtlsTransport
from .emitter import Emitter
from .encoded_frames import EncodedFrames
from .encoded_media import (
    RTCEncodedAudioFrame,
    RTCEncodedAudioFrameMetadata,
    RTCEncodedVideoFrame,
    RTCEncodedVideoFrameMetadata,
    linear_level,
)
from .encoded_track import EncodedTrack
from .encoding_relay import EncodingRelay
from .frame_times import FrameTimes, frame_times
from .group import TransportGroup
from .ice import DatagramPath, IceTransport
from .outlet import SendDrop
from .parameters import RtpReceiveParameters, RtpSendParameters
from .passage import Passage
from .receiver import RtpReceiver
from .records import DtlsDrop, TransportCounters
from .router import Drop
from .sctp import SctpTransport, make_initiation
from .sender import RtpSender
from .share import MediaConfig, MediaShare
from .statistics import (
    AudioFigures,
    InboundStatistics,
    MotionFigures,
    OutboundStatistics,
    PictureFigures,
    RemoteInboundStatistics,
    RemoteOutboundStatistics,
    SentPictureFigures,
    SoundFigures,
    SourceStatistics,
    VideoFigures,
)
from .stock import load_all, stock
from .synchronization import Synchronization
from .tones import TONES
from .track import RemoteTrack
from .track_sender import TrackSender

if TYPE_CHECKING:
    from aiortc.contrib.signaling import (
        BYE,
        BaseSignaling,
        CopyAndPasteSignaling,
        TcpSocketSignaling,
        UnixSocketSignaling,
        add_signaling_arguments,
        create_signaling,
        object_from_string,
        object_to_string,
    )
else:
    _HOMES = {
        "aiortc.contrib.signaling": (
            "BYE",
            "BaseSignaling",
            "CopyAndPasteSignaling",
            "TcpSocketSignaling",
            "UnixSocketSignaling",
            "add_signaling_arguments",
            "create_signaling",
            "object_from_string",
            "object_to_string",
        ),
    }
    __getattr__ = lazy(__name__, _HOMES)

__all__ = [
    "TONES",
    # ICE and DTLS
    "DatagramPath",
    "IceTransport",
    "Certificate",
    "RTCDtlsFingerprint",
    "RTCDtlsParameters",
    "DtlsRole",
    "DtlsTransport",
    "Onlooker",
    "TransportGroup",
    "Emitter",
    # media
    "RtpSender",
    "TrackSender",
    "RtpSendParameters",
    "RtpReceiver",
    "RtpReceiveParameters",
    "RemoteTrack",
    "Synchronization",
    "FrameTimes",
    "frame_times",
    "EncodedFrames",
    "EncodedTrack",
    "EncodingRelay",
    "Passage",
    "RTCEncodedAudioFrame",
    "RTCEncodedAudioFrameMetadata",
    "RTCEncodedVideoFrame",
    "RTCEncodedVideoFrameMetadata",
    "linear_level",
    "MediaConfig",
    "MediaShare",
    # data
    "SctpTransport",
    "make_initiation",
    "DataChannel",
    "InvalidStateError",
    # figures
    "TransportCounters",
    "OutboundStatistics",
    "MotionFigures",
    "PictureFigures",
    "RemoteInboundStatistics",
    "InboundStatistics",
    "RemoteOutboundStatistics",
    "SentPictureFigures",
    "SoundFigures",
    "SourceStatistics",
    "AudioFigures",
    "VideoFigures",
    "Drop",
    "DtlsDrop",
    "MediaDrop",
    "SendDrop",
    "SctpDrop",
    # aiortc's own: what its signalling takes, media and its parameters
    "RTCSessionDescription",
    "SessionDescription",
    "RTCIceCandidate",
    "MediaStreamTrack",
    "AudioStreamTrack",
    "VideoStreamTrack",
    "MediaStreamError",
    "MediaRelay",
    "RelayStreamTrack",
    "REAL_TIME_FORMATS",
    "JitterBuffer",
    "JitterFrame",
    "MediaBlackhole",
    "AUDIO_PTIME",
    "VIDEO_CLOCK_RATE",
    "VIDEO_PTIME",
    "VIDEO_TIME_BASE",
    "convert_timebase",
    "g711",
    "g722",
    "h264",
    "opus",
    "vpx",
    "CODECS",
    "HEADER_EXTENSIONS",
    "Decoder",
    "Encoder",
    "depayload",
    "get_capabilities",
    "get_decoder",
    "get_encoder",
    "is_rtx",
    "RTCRtpCapabilities",
    "RTCRtpCodecCapability",
    "RTCRtpHeaderExtensionCapability",
    "RTCRtpCodecParameters",
    "RTCRtpHeaderExtensionParameters",
    "RTCRtcpFeedback",
    "parse_stun_turn_uri",
    # aiortc's own modules
    "stock",
    "load_all",
    # aiortc's own: signaling for trials
    "BYE",
    "BaseSignaling",
    "CopyAndPasteSignaling",
    "TcpSocketSignaling",
    "UnixSocketSignaling",
    "add_signaling_arguments",
    "create_signaling",
    "object_from_string",
    "object_to_string",
]
