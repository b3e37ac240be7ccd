"""What goes wrong between a program and a signaling server."""

import re
from http import HTTPStatus


class SignalingError(Exception):
    """A server refused, or answered with what makes no sense.

    `status` is that of HTTP, None without one; `retry_after` the seconds that the server asks to
    wait before another try, None when it does not say.
    """

    def __init__(
        self, reason: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after


def refusal(status: int, body: str, retry_after: str | None) -> SignalingError:
    """Give the error for a response that is none of success (RFC 9725 §4.2, §4.5)."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    words = " ".join(body.split())[:200]
    reason = " ".join(filter(None, (str(status), phrase, f"({words})" if words else "")))
    # A date is as good (RFC 9110 §10.2.3), and is taken as none.
    seconds = re.fullmatch(r"[0-9]+", retry_after or "")
    wait = None if seconds is None else float(seconds[0])
    return SignalingError(reason, status=status, retry_after=wait)
