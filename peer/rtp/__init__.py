"""RTP and RTCP (RFC 3550) as pure functions and state machines: no clock, no sockets, no codecs.

Bytes become values in one pass (`packet`, `extensions`, `rtcp`); objects are made only of what
somebody keeps. `reception` counts what comes of a source, `nack` asks for what does not, `rtx` and
`red` put together and take apart what repairs it, as far as `loss` makes that worth it, and
`arrivals` tells the sender when its packets came. `timeline` counts the times of a track through
all that its sources do; `audio_buffer` and `audio_eager` decide what is decoded, made up or left
out, and when; `frame_buffer` makes frames of what `payloads` reads.
"""

from .arrivals import ArrivalRecorder
from .audio_buffer import AudioBuffer
from .audio_eager import EagerAudioBuffer
from .audio_queue import Action, AudioStatistics, Decision
from .between import BetweenPictures
from .bitrate_requests import BitrateRequests
from .circuit_breaker import Breach, CircuitBreaker
from .collisions import Collisions
from .congestion_feedback import Arrival, CongestionFeedback, StreamArrivals
from .extensions import (
    ABS_CAPTURE_TIME,
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    MAX_PLAYOUT_DELAY,
    MID,
    ONE_BYTE,
    PLAYOUT_DELAY,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    TRANSMISSION_OFFSET,
    TRANSPORT_WIDE_CC,
    TWO_BYTE,
    VIDEO_ORIENTATION,
    AudioLevel,
    CaptureTime,
    ExtensionMap,
    HeaderExtensions,
    PlayoutDelay,
)
from .feedback import (
    BitrateLimit,
    FullIntraRequest,
    MaximumBitrate,
    Nack,
    PictureLoss,
    SenderReportRequest,
    TemporaryBitrates,
)
from .feedback_budget import FeedbackBudget
from .frame_buffer import FrameBuffer, VideoFrame
from .frame_queue import FrameQueue
from .freezes import Freezes
from .intra_requests import IntraRequests
from .key_requests import KeyRequests
from .lip_sync import Flow, LipSync
from .loss import LossEstimate
from .nack import DEFAULT_ROUND_TRIP, NackRequester
from .packet import (
    MAX_PACKET,
    RtpDrop,
    RtpPacket,
    header_size,
    read_into,
    read_packet,
    write_packet,
)
from .payloads.audio import Sound, SoundReader, sound_reader
from .payloads.av1 import Av1Depayloader, Av1Packetizer
from .payloads.configuration import parameter_sets, with_parameter_sets
from .payloads.h264 import H264Depayloader, H264Packetizer, SequenceParameters
from .payloads.h265 import H265Depayloader, H265Packetizer
from .payloads.key_frames import is_key_frame
from .payloads.opus import has_voice
from .payloads.packetizing import Packetizer, Room, TemporalLayer, WholePacketizer
from .payloads.piece import Depayloader, PayloadDrop, Piece
from .payloads.video import coded_sizes, make_depayloader, make_packetizer
from .payloads.vp8 import Vp8Depayloader, Vp8Packetizer
from .payloads.vp9 import Vp9Depayloader, Vp9Packetizer
from .playout_delay import FramePlayout
from .queue_delay import QueueDelay
from .reception import Reception
from .red import RedBlock, Redundancy, copies_worth, read_red, write_red
from .reference_times import ReferenceTimes
from .report_schedule import INTERVAL as REPORT_INTERVAL
from .report_schedule import ReportSchedule
from .report_writer import ReportWriter, with_blocks
from .reports import (
    SDES_CNAME,
    SDES_MID,
    Chunk,
    Delay,
    ExtendedReport,
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
)
from .round_trip import RoundTrip, measured_round_trips, round_trip_time
from .rtcp import Compound, RtcpDrop, RtcpPacket, is_rtcp, read_compound, write_compound
from .rtx import RTX_HEADER, unwrap, wrap
from .sender_clock import (
    NTP_BITS,
    CaptureClock,
    CaptureStamps,
    ClockLine,
    ClockMapping,
    ClockOffset,
    RtpClock,
    SenderClocks,
)
from .serial import SEQUENCE_BITS, TIMESTAMP_BITS, extend, signed_difference
from .stream_arrivals import StreamArrivalRecorder
from .telephone_events import KEYS, TonePacket, tone_packets
from .timeline import CaptureTimes, Place, TimeLine
from .transport_feedback import TransportFeedback
from .transport_gaps import TransportGaps

__all__ = [
    "ArrivalRecorder",
    "ABS_CAPTURE_TIME",
    "ABS_SEND_TIME",
    "AUDIO_LEVEL",
    "MID",
    "ONE_BYTE",
    "PLAYOUT_DELAY",
    "MAX_PLAYOUT_DELAY",
    "REPAIRED_RTP_STREAM_ID",
    "RTP_STREAM_ID",
    "TRANSMISSION_OFFSET",
    "TRANSPORT_WIDE_CC",
    "TWO_BYTE",
    "VIDEO_ORIENTATION",
    "AudioLevel",
    "CaptureTime",
    "ExtensionMap",
    "HeaderExtensions",
    "PlayoutDelay",
    "BitrateLimit",
    "FullIntraRequest",
    "MaximumBitrate",
    "Nack",
    "PictureLoss",
    "SenderReportRequest",
    "TemporaryBitrates",
    "BetweenPictures",
    "BitrateRequests",
    "Breach",
    "CircuitBreaker",
    "Collisions",
    "IntraRequests",
    "DEFAULT_ROUND_TRIP",
    "Flow",
    "LipSync",
    "NackRequester",
    "RtpDrop",
    "RtpPacket",
    "MAX_PACKET",
    "header_size",
    "read_into",
    "read_packet",
    "write_packet",
    "Reception",
    "RoundTrip",
    "measured_round_trips",
    "round_trip_time",
    "REPORT_INTERVAL",
    "ReportSchedule",
    "ReportWriter",
    "with_blocks",
    "FeedbackBudget",
    "ReferenceTimes",
    "LossEstimate",
    "RedBlock",
    "Redundancy",
    "copies_worth",
    "read_red",
    "write_red",
    "SDES_CNAME",
    "SDES_MID",
    "Chunk",
    "Delay",
    "ExtendedReport",
    "Goodbye",
    "ReceiverReport",
    "ReportBlock",
    "SenderReport",
    "SourceDescription",
    "Compound",
    "RtcpDrop",
    "RtcpPacket",
    "is_rtcp",
    "read_compound",
    "write_compound",
    "RTX_HEADER",
    "unwrap",
    "wrap",
    "SEQUENCE_BITS",
    "TIMESTAMP_BITS",
    "extend",
    "signed_difference",
    "TransportFeedback",
    "TransportGaps",
    "QueueDelay",
    "KEYS",
    "TonePacket",
    "tone_packets",
    "Arrival",
    "CongestionFeedback",
    "StreamArrivals",
    "StreamArrivalRecorder",
    "CaptureTimes",
    "Place",
    "TimeLine",
    "has_voice",
    "Sound",
    "SoundReader",
    "sound_reader",
    "FrameQueue",
    "FramePlayout",
    "Freezes",
    "KeyRequests",
    "NTP_BITS",
    "CaptureClock",
    "CaptureStamps",
    "ClockLine",
    "ClockMapping",
    "ClockOffset",
    "RtpClock",
    "SenderClocks",
    "FrameBuffer",
    "VideoFrame",
    "Depayloader",
    "SequenceParameters",
    "PayloadDrop",
    "Piece",
    "Av1Depayloader",
    "H264Depayloader",
    "H265Depayloader",
    "Vp8Depayloader",
    "Vp9Depayloader",
    "make_depayloader",
    "Packetizer",
    "Room",
    "TemporalLayer",
    "Av1Packetizer",
    "H264Packetizer",
    "H265Packetizer",
    "Vp8Packetizer",
    "Vp9Packetizer",
    "WholePacketizer",
    "make_packetizer",
    "is_key_frame",
    "parameter_sets",
    "with_parameter_sets",
    "coded_sizes",
    "Action",
    "AudioBuffer",
    "AudioStatistics",
    "Decision",
    "EagerAudioBuffer",
]
