"""ICE servers in ``Link`` header fields (RFC 8288, RFC 9725 §4.6)."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from peer import DOMException, RTCIceServer
from peer.api import normalize

MAX_LINKS = 32
"""ICE servers that are read of a response."""
ICE_SERVER = "ice-server"

_LINK = re.compile(r"\s*<(?P<url>[^<>]*)>(?P<rest>(?:[^,\"]|\"(?:[^\"\\]|\\.)*\")*),?")
_PARAMETER = re.compile(
    r";\s*(?P<name>[\w!#$&+.^`|~*-]+)\s*(?:=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^\s;,\"]*)))?"
)


def read_ice_servers(fields: Iterable[str]) -> list[RTCIceServer]:
    """Give the ICE servers of ``Link`` fields in order; other links, and odd ones, are ignored.

    Those are left out that no connection takes, such as TURN servers without credentials.
    """
    named = (
        RTCIceServer(url, parameters.get("username"), parameters.get("credential"))
        for url, parameters in _links(fields)
        if ICE_SERVER in parameters.get("rel", "").lower().split()
    )
    return list(islice(filter(_is_usable, named), MAX_LINKS))


def _is_usable(server: RTCIceServer) -> bool:
    try:
        normalize({"iceServers": [server]})
    except (TypeError, DOMException):
        return False
    return True


def write_ice_servers(servers: Iterable[RTCIceServer]) -> list[str]:
    """Give a ``Link`` field for each URL. Raises ValueError for what no field can hold."""
    return [
        "; ".join(_written(url, server))
        for server in servers
        for url in ([server.urls] if isinstance(server.urls, str) else server.urls)
    ]


def _written(url: str, server: RTCIceServer) -> Iterator[str]:
    if not re.fullmatch(r"[!-;=?-~]+", url):
        raise ValueError(f"{url!r} fits in no header field")
    yield f"<{url}>"
    yield f'rel="{ICE_SERVER}"'
    if server.username is not None and server.credential is not None:
        yield f"username={_quoted(server.username)}"
        yield f"credential={_quoted(server.credential)}"
        yield 'credential-type="password"'


def _quoted(text: str) -> str:
    if not re.fullmatch(r"[\t -~\x80-\xff]*", text):
        raise ValueError("a header field has no place for such signs")
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _links(fields: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for field in fields:
        position = 0
        while (link := _LINK.match(field, position)) is not None:
            position = link.end()
            parameters: dict[str, str] = {}
            for match in _PARAMETER.finditer(link["rest"]):
                quoted, plain = match["quoted"], match["plain"]
                value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain or ""
                # The first one counts (RFC 8288 §3.3).
                parameters.setdefault(match["name"].lower(), value)
            yield link["url"], parameters
