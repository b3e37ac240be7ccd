"""Consent freshness (RFC 7675) and keepalives (RFC 8445 §11) of one pair."""

from .config import Timings


def jitter(random: bytes) -> float:
    """Turn random bytes into a factor in 0.8..1.2 (RFC 7675 §5.1)."""
    return 0.8 + 0.4 * (int.from_bytes(random, "big") / float((1 << 8 * len(random)) - 1))


class Consent:
    """Whether we may go on sending to a pair's remote address.

    Judged by the arrival time of responses, so what a stalled caller hands in late still counts.
    `unanswered` is the number of checks since the last response, `asked` when the first of them
    left, `sent_at` when any did, `probe_sent` when an extra one did because of long silence. For
    `doubt`: `probes` left since anything was heard, the last at `probed`; `doubted` is when the
    doubt began that they are for, `missed` when the peer was last heard over another pair instead,
    `look_at` when to look whether anything came back.
    """

    __slots__ = (
        "_timings",
        "asked",
        "doubted",
        "expires",
        "look_at",
        "missed",
        "next_check",
        "probe_sent",
        "probed",
        "probes",
        "revoked",
        "sent_at",
        "unanswered",
    )

    def __init__(self, timings: Timings, now: float) -> None:
        self._timings = timings
        self.expires = now + timings.consent_expiry
        self.next_check = now
        self.unanswered = 0
        self.probe_sent: float | None = None
        self.asked: float | None = None
        self.missed = self.doubted = self.probed = self.sent_at = float("-inf")
        self.probes = 0
        self.look_at: float | None = None
        self.revoked = False

    def schedule(self, now: float, random: bytes) -> None:
        """Set the time of the next check after one was sent or consent was gained."""
        self.next_check = now + self._timings.consent_interval * jitter(random)

    def resume(self, now: float, random: bytes) -> None:
        """The pair is taken into use: a recent response will do, an old one will not.

        Moving to and fro between pairs puts no check off.
        """
        if self.next_check <= now < self.answered_at + self._timings.consent_interval:
            self.schedule(now, random)

    def sent(self, now: float) -> None:
        """Count a check that has no answer yet."""
        self.unanswered += 1
        if self.asked is None:
            self.asked = now

    @property
    def answered_at(self) -> float:
        """When the last response arrived, or consent was gained."""
        return self.expires - self._timings.consent_expiry

    def answered(self, now: float) -> None:
        """Renew consent: a response to any outstanding check arrived (RFC 7675 §5.1)."""
        if not self.revoked:
            self.expires = max(self.expires, now + self._timings.consent_expiry)
        self.unanswered = 0
        self.probe_sent = self.asked = None

    def postpone(self, delay: float) -> None:
        """Extend consent, and the patience with what was asked, by the duration of a stall."""
        self.expires += delay
        self.probed += delay
        if self.look_at is not None:
            self.look_at += delay
        if self.asked is not None:
            self.asked += delay

    def revoke(self) -> None:
        """Take consent away at once (RFC 7675 §5.2)."""
        self.revoked = True
        self.expires = float("-inf")

    def expired(self, now: float) -> bool:
        """Tell whether nothing may be sent any more."""
        return now >= self.expires

    def disconnected(self, now: float) -> bool:
        """Tell whether the peer has been silent for long enough to say so.

        That is when the next check is due and the last few have no answer, or when an extra
        check (see `Timings.liveness`) went unanswered for its timeout.
        """
        if self.probe_sent is not None and now >= self.probe_sent + self._timings.liveness_timeout:
            return True
        return self.unanswered >= self._timings.disconnected_checks and now >= self.next_check
