"""RTP header extensions: which are supported, and their identifiers (RFC 8285)."""

from collections.abc import Iterable, Mapping, Sequence

from sdp import Extmap

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_WIDE_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
VIDEO_ORIENTATION = "urn:3gpp:video-orientation"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
ABS_CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

DEFAULT_AUDIO_EXTENSIONS = (MID, AUDIO_LEVEL, TRANSPORT_WIDE_CC)
DEFAULT_VIDEO_EXTENSIONS = (
    MID,
    ABS_SEND_TIME,
    TRANSPORT_WIDE_CC,
    RTP_STREAM_ID,
    REPAIRED_RTP_STREAM_ID,
    VIDEO_ORIENTATION,
)

ANSWERED_AUDIO_EXTENSIONS = (ABS_CAPTURE_TIME,)
ANSWERED_VIDEO_EXTENSIONS = (ABS_CAPTURE_TIME, PLAYOUT_DELAY)
"""What is answered besides, and offered only when it is asked for, or was agreed before."""

# Those of Chromium, for the same reason as its payload types, or such as it uses for nothing else:
# what some of its numbers stand for depends on whether there is audio.
_PREFERRED: Mapping[str, int] = {
    ABS_SEND_TIME: 2,
    TRANSPORT_WIDE_CC: 3,
    MID: 9,
    RTP_STREAM_ID: 10,
    REPAIRED_RTP_STREAM_ID: 11,
    AUDIO_LEVEL: 12,
    VIDEO_ORIENTATION: 13,
}
# RFC 8285 §4.2: what fits the one-byte header; browsers refuse more.
_IDENTIFIERS: Sequence[int] = range(1, 15)


class ExtensionIds:
    """Hands out identifiers that stay the same for the life of the session (RFC 8285 §6)."""

    def __init__(self, known: Mapping[int, str], claimed: Mapping[int, str]) -> None:
        """`known` were seen at any time, `claimed` are in use now and win."""
        self._uris = {**known, **claimed}
        self._ids: dict[str, int] = {}
        for identifier, uri in (*claimed.items(), *known.items()):
            if self._uris[identifier] == uri:
                self._ids.setdefault(uri, identifier)

    def get(self, uri: str) -> int | None:
        """Return the identifier for `uri`, None when all fourteen are taken."""
        identifier = self._ids.get(uri)
        if identifier is not None and identifier in _IDENTIFIERS:
            return identifier
        for identifier in (_PREFERRED.get(uri, _IDENTIFIERS[0]), *_IDENTIFIERS):
            if identifier not in self._uris:
                self._uris[identifier] = uri
                self._ids[uri] = identifier
                return identifier
        return None


def offer_extensions(
    offered: Iterable[str],
    supported: Iterable[str],
    ids: ExtensionIds,
    previous: Sequence[Extmap] | None,
) -> tuple[Extmap, ...]:
    """Return the mappings to offer.

    `previous` are those of the last answer: they are offered again, as far as they are supported
    (RFC 9429 §5.2.2).
    """
    if previous is not None:
        wanted = set(supported)
        return tuple(extmap for extmap in previous if extmap.uri in wanted)
    numbered = ((ids.get(uri), uri) for uri in offered)
    return tuple(Extmap(identifier, uri) for identifier, uri in numbered if identifier is not None)


def answer_extensions(offered: Iterable[Extmap], supported: Iterable[str]) -> tuple[Extmap, ...]:
    """Return the offered mappings this side supports: same identifier, direction turned."""
    wanted = set(supported)
    answered: dict[str, Extmap] = {}
    for extmap in offered:
        if extmap.uri in wanted and 1 <= extmap.id <= 255 and extmap.id != 15:
            direction = extmap.direction.reverse() if extmap.direction else None
            answered.setdefault(
                extmap.uri, Extmap(extmap.id, extmap.uri, direction, extmap.attributes)
            )
    return tuple(answered.values())


def mutual_extensions(mine: Iterable[Extmap], theirs: Iterable[Extmap]) -> tuple[Extmap, ...]:
    """Return those of `mine` that both sides have."""
    their_uris = {extmap.uri for extmap in theirs}
    return tuple(extmap for extmap in mine if extmap.uri in their_uris)


def usable_extensions(extmaps: Iterable[Extmap], *, sending: bool) -> tuple[Extmap, ...]:
    """Return the mappings whose direction, seen from this side, allows to send or to receive."""
    return tuple(
        extmap
        for extmap in extmaps
        if extmap.direction is None
        or (extmap.direction.sends if sending else extmap.direction.receives)
    )
