"""Tones of a telephone's keys (W3C RTCDTMFSender)."""

import asyncio
from typing import Protocol

from peer.transports import TONES

from .errors import InvalidCharacterError, InvalidStateError, JsepTypeError
from .event_target import EventHandler, EventTarget
from .events import RTCDTMFToneChangeEvent

PAUSE = 2.0
"""Seconds that a comma waits."""
DURATIONS = 40, 6000
GAPS = 30, 6000
"""Milliseconds within which tones and the gaps between them are kept."""


class ToneSender(Protocol):
    """The sender, as its tones see it."""

    @property
    def can_send_tones(self) -> bool:
        """Tell whether tones can be sent now."""

    def send_tone(self, key: str, seconds: float) -> None:
        """Send the tone of a key."""


class RTCDTMFSender(EventTarget):
    """Plays the tones of keys to the peer, in place of the sound; emits "tonechange"."""

    ontonechange = EventHandler[RTCDTMFToneChangeEvent]()

    def __init__(self, sender: ToneSender) -> None:
        super().__init__()
        self._sender = sender
        self._tones = ""
        self._duration = self._gap = 0.0
        self._playing: asyncio.TimerHandle | None = None

    @property
    def canInsertDTMF(self) -> bool:
        """Tell whether tones were agreed, and the transceiver sends."""
        return self._sender.can_send_tones

    @property
    def toneBuffer(self) -> str:
        """The tones that are to be played yet."""
        return self._tones

    def insertDTMF(self, tones: str, duration: float = 100, interToneGap: float = 70) -> None:
        """Play these tones from now on, in place of those that were to come (W3C §7.2).

        Tones are 0 to 9, A to D, "#" and "*", and the comma, which waits for 2 s. Each lasts 40 to
        6000 ms, with gaps of at least 30. Raises InvalidStateError when none can be sent,
        InvalidCharacterError for others, TypeError for what is no text.
        """
        if not isinstance(tones, str):
            raise JsepTypeError(f"{tones!r} are no tones")
        wanted = tones.upper()
        # In this order what is no number is the least.
        lasting = min(max(DURATIONS[0], duration), DURATIONS[1]) / 1000
        gap = min(max(GAPS[0], interToneGap), GAPS[1]) / 1000
        if not self.canInsertDTMF:
            raise InvalidStateError("no tones can be sent")
        if not set(wanted) <= TONES | {","}:
            raise InvalidCharacterError(f"{tones!r} are no tones")
        self._tones, self._duration, self._gap = wanted, lasting, gap
        if wanted and self._playing is None:
            self._play_after(0.0)

    def stop(self) -> None:
        """Play no more."""
        self._tones = ""
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None

    def _play_after(self, seconds: float) -> None:
        self._playing = asyncio.get_running_loop().call_later(seconds, self._play)

    def _play(self) -> None:
        self._playing = None
        if not self.canInsertDTMF:
            return
        tone, self._tones = self._tones[:1], self._tones[1:]
        if tone == ",":
            self._play_after(PAUSE)
        elif tone:
            self._sender.send_tone(tone, self._duration)
            self._play_after(self._duration + self._gap)
        self.dispatch("tonechange", RTCDTMFToneChangeEvent(tone=tone), tone)
