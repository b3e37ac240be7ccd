"""What the application configures and adds: policies, transceivers, and the m-line slots."""

import enum
from collections.abc import Sequence

from peer.jsep.codecs import (
    ANSWERED_VIDEO_CODECS,
    DEFAULT_AUDIO_CODECS,
    DEFAULT_VIDEO_CODECS,
    codecs_to_offer,
    with_congestion_feedback,
)
from peer.jsep.extensions import (
    ABS_CAPTURE_TIME,
    ANSWERED_AUDIO_EXTENSIONS,
    ANSWERED_VIDEO_EXTENSIONS,
    DEFAULT_AUDIO_EXTENSIONS,
    DEFAULT_VIDEO_EXTENSIONS,
    PLAYOUT_DELAY,
)
from peer.records import dataclass
from sdp import Codec, Direction, Fingerprint

AUDIO = "audio"
VIDEO = "video"
APPLICATION = "application"
MEDIA_KINDS = (AUDIO, VIDEO)


class BundlePolicy(enum.Enum):
    """Which sections get a transport before it is known whether the peer bundles (§4.1.1).

    "must-bundle", RFC 9429's new name of "max-bundle", is accepted as a value.
    """

    BALANCED = "balanced"
    MAX_COMPAT = "max-compat"
    MAX_BUNDLE = "max-bundle"

    @classmethod
    def _missing_(cls, value: object) -> "BundlePolicy | None":
        return cls.MAX_BUNDLE if value == "must-bundle" else None


class RtcpMuxPolicy(enum.Enum):
    """Whether RTCP may have a component of its own (RFC 9429 §4.1.1)."""

    REQUIRE = "require"
    NEGOTIATE = "negotiate"


DEFAULT_ICE_OPTIONS = ("trickle", "ice2")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What holds for the whole connection.

    `max_message_size` is in bytes, 0 for unlimited. `sctp_init` is the INIT chunk that spares the
    handshake of SCTP with a peer that has one too (draft-hancke-tsvwg-snap).
    `strict_bundle_attributes` leaves the transport attributes out of bundled sections as RFC 9143
    §7.1.3 has it, which browsers do not survive.
    `balanced_answer_accepts_all` keeps every section of an offer without BUNDLE, as browsers do.
    `lenient_munging` lets the application alter a description between create and set, as long as
    the media sections stay in place. `always_negotiate_data_channels` gives every offer a section
    for data, in front of what is new with it (W3C webrtc-extensions). `ice_pacing` is the time
    between ICE transactions in milliseconds, None for the default (RFC 8839 §5.5). `ice_lite` tells
    that our agent only answers checks (RFC 8839 §5.3). With
    `congestion_feedback` that of RFC 8888 is offered and answered, with `capture_times` packets are
    offered to tell when they were captured, with `playout_delay` how long they are to be held back,
    and with `receive_simulcast` simulcast that the peer offers is taken (RFC 8853).
    `former_ice_options` are answered, and not offered.
    """

    fingerprints: tuple[Fingerprint, ...]
    bundle_policy: BundlePolicy = BundlePolicy.BALANCED
    rtcp_mux_policy: RtcpMuxPolicy = RtcpMuxPolicy.REQUIRE
    audio_codecs: tuple[Codec, ...] = DEFAULT_AUDIO_CODECS
    video_codecs: tuple[Codec, ...] = DEFAULT_VIDEO_CODECS
    audio_extensions: tuple[str, ...] = DEFAULT_AUDIO_EXTENSIONS
    video_extensions: tuple[str, ...] = DEFAULT_VIDEO_EXTENSIONS
    ice_options: tuple[str, ...] = DEFAULT_ICE_OPTIONS
    former_ice_options: tuple[str, ...] = ()
    ice_pacing: int | None = None
    ice_lite: bool = False
    sctp_port: int = 5000
    max_message_size: int = 65536
    sctp_init: bytes | None = None
    rtcp_mux_only: bool = True
    strict_bundle_attributes: bool = False
    balanced_answer_accepts_all: bool = False
    lenient_munging: bool = False
    always_negotiate_data_channels: bool = False
    congestion_feedback: bool = False
    capture_times: bool = False
    playout_delay: bool = False
    receive_simulcast: bool = False

    def codecs(self, kind: str) -> tuple[Codec, ...]:
        """Codecs supported for audio or video, in order of preference."""
        if kind == AUDIO:
            return self._with_feedback(self.audio_codecs)
        return self._with_feedback(self.video_codecs + ANSWERED_VIDEO_CODECS)

    def offered_codecs(self, kind: str, negotiated: Sequence[Codec]) -> tuple[Codec, ...]:
        """Codecs to offer without preferences, by those that were `negotiated`."""
        if kind == AUDIO:
            return self._with_feedback(self.audio_codecs)
        return self._with_feedback(
            codecs_to_offer(self.video_codecs, ANSWERED_VIDEO_CODECS, negotiated)
        )

    def _with_feedback(self, codecs: tuple[Codec, ...]) -> tuple[Codec, ...]:
        return with_congestion_feedback(codecs) if self.congestion_feedback else codecs

    def extensions(self, kind: str) -> tuple[str, ...]:
        """URIs of the header extensions supported for audio or video."""
        if kind == AUDIO:
            return self.audio_extensions + ANSWERED_AUDIO_EXTENSIONS
        return self.video_extensions + ANSWERED_VIDEO_EXTENSIONS

    def offered_extensions(self, kind: str) -> tuple[str, ...]:
        """URIs of those that are offered."""
        extensions = self.audio_extensions if kind == AUDIO else self.video_extensions
        if self.capture_times:
            extensions = (*extensions, ABS_CAPTURE_TIME)
        if self.playout_delay and kind != AUDIO:
            extensions = (*extensions, PLAYOUT_DELAY)
        return extensions


@dataclass(frozen=True, slots=True)
class Encoding:
    """One encoding of a sender; `rid` is None when it is the only one and was given none."""

    rid: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Transceiver:
    """A transceiver as the descriptions see it; stopped ones are not kept.

    `direction` is what the application wants, `current_direction` what was negotiated last and
    `fired_direction` the one remote tracks were last reported for. `ssrc`, `rtx_ssrc` and
    `fec_ssrc` are those of its sender, and `former_ssrcs` says what some of them were before, the
    latest last. `streams` are the ids of the streams the sender belongs to, `remote_streams` those
    of the receiver. `by_add_track` and `by_remote` tell what created it; a
    transceiver created by a remote offer that addTrack was used on carries both. `remote_track_id`
    is the name which that offer has for the track.
    """

    id: int
    kind: str
    direction: Direction
    ssrc: int
    rtx_ssrc: int
    fec_ssrc: int
    track_id: str
    former_ssrcs: tuple[tuple[int, int], ...] = ()
    streams: tuple[str, ...] = ()
    encodings: tuple[Encoding, ...] = (Encoding(),)
    codec_preferences: tuple[Codec, ...] = ()
    mid: str | None = None
    mline_index: int | None = None
    current_direction: Direction | None = None
    fired_direction: Direction | None = None
    remote_streams: tuple[str, ...] = ()
    remote_track_id: str | None = None
    stopping: bool = False
    by_add_track: bool = False
    by_remote: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """What an m-line is used for; a slot without a transceiver that is not data is dead."""

    mid: str
    kind: str
    transceiver: int | None = None
    is_data: bool = False

    @property
    def dead(self) -> bool:
        """Tell whether nothing uses the m-line."""
        return self.transceiver is None and not self.is_data
