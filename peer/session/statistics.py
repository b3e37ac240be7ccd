"""What a connection gives for its statistics (W3C §8)."""

import asyncio
from datetime import UTC, datetime

from peer.api import InvalidAccessError, JsepTypeError, RTCRtpReceiver, RTCRtpSender
from peer.net import wall_time
from peer.stats import (
    ReceiverSource,
    RTCStatsReport,
    SenderSource,
    StatsSources,
    TransportSource,
    collect,
)
from peer.transports import MediaStreamTrack

from .data import Data
from .links import Links
from .media import Media


def collect_statistics(links: Links, media: Media, data: Data, selector: object) -> RTCStatsReport:
    """Return the statistics of everything, or of a track, a sender or a receiver.

    Raises TypeError for what is none of these, InvalidAccessError when the selector is of no
    sender or receiver, or of several.
    """
    if not isinstance(selector, MediaStreamTrack | RTCRtpSender | RTCRtpReceiver | None):
        raise JsepTypeError(f"statistics cannot be selected by {selector!r}")
    if isinstance(selector, RTCRtpSender | RTCRtpReceiver):
        selector = selector.below
    try:
        return collect(_sources(links, media, data), selector)
    except LookupError as error:
        raise InvalidAccessError(str(error)) from error


def _sources(links: Links, media: Media, data: Data) -> StatsSources:
    senders, receivers = [], []
    for one in media.transceivers:
        transport = media.transport_number(one.number)
        senders.append(SenderSource(one.number, one.mid, one.sender.below, transport))
        receivers.append(ReceiverSource(one.number, one.mid, one.receiver.below, transport))
    return StatsSources(
        now=asyncio.get_running_loop().time(),
        timestamp=datetime.fromtimestamp(wall_time(), UTC),
        ice=links.statistics(),
        transports=tuple(
            TransportSource(number, link.group, links.certificate)
            for number, link in links.all.items()
        ),
        senders=tuple(senders),
        receivers=tuple(receivers),
        association=data.association,
        channels=data.channels,
        channels_opened=data.opened,
        channels_closed=data.closed,
    )
