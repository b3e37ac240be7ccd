"""Requests of clients: what is no success is a SignalingError, and no answer is endless."""

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from .errors import SignalingError, refusal

REQUEST_TIMEOUT = 10.0
"""Seconds that a request may take."""
GATHERING = 0.3
"""Seconds that an offer waits for candidates; those that are found later are sent after it."""
MAX_BODY = 256 * 1024
"""Bytes that are read of a response."""


def client_session(headers: dict[str, str]) -> aiohttp.ClientSession:
    """Make what requests are made with; `headers` go into each."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT)
    return aiohttp.ClientSession(headers=headers, timeout=timeout)


@contextlib.asynccontextmanager
async def request(
    http: aiohttp.ClientSession, method: str, url: URL, **options: Any
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Make a request; raises SignalingError unless it succeeds."""
    try:
        async with http.request(method, url, **options) as response:
            if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                retry_after = response.headers.get("Retry-After")
                raise refusal(response.status, await read_text(response), retry_after)
            yield response
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
        reason = str(error) or type(error).__name__
        raise SignalingError(f"no answer to {method}: {reason}") from error


async def read_text(response: aiohttp.ClientResponse) -> str:
    """Give the body of a response. Raises SignalingError for one of more than `MAX_BODY` bytes."""
    body = await response.content.read(MAX_BODY + 1)
    while len(body) <= MAX_BODY and (more := await response.content.read(MAX_BODY + 1 - len(body))):
        body += more
    if len(body) > MAX_BODY:
        raise SignalingError(f"an answer longer than {MAX_BODY} bytes", status=response.status)
    return body.decode()
