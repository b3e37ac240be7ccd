"""Causes at STUN and TURN servers: why addresses of ours are missing."""

from collections.abc import Iterator, Mapping
from typing import Any

from .call import Call, GatherError
from .finding import Finding
from .hosts import is_private
from .text import seconds

UNREACHABLE = 701
"""The W3C's code for a server that gave no answer."""
_SOON = 1.0
"""Seconds; an answer that is missing for less was not waited for: nothing was sent."""


def _by_server(call: Call, code: int) -> dict[str, list[GatherError]]:
    found: dict[str, list[GatherError]] = {}
    for error in call.gather_errors:
        if error.code == code and error.url:
            found.setdefault(error.url, []).append(error)
    return found


def _relays(url: str) -> bool:
    return url.startswith("turn")


def _over_tcp(url: str) -> bool:
    return url.startswith(("turns:", "stuns:")) or "transport=tcp" in url


def _line(error: GatherError) -> str:
    return f"{seconds(error.time)} {error.url}: {error.code} {error.words}".rstrip()


def _relayed(call: Call) -> bool:
    """Tell whether any server gave a relayed address."""
    return any(one.type == "relay" for one in call.local_candidates)


def udp_blocked(call: Call) -> Iterator[Finding]:
    """No answer to anything that was sent over UDP, from no server and no peer."""
    silent = [url for url in _silent(call) if not _over_tcp(url)]
    urls = _server_urls(call)
    over_udp = [url for url in urls if not _over_tcp(url)]
    if not silent or len({_host(url) for url in silent}) < len({_host(url) for url in over_udp}):
        return
    answered = call.total("candidate-pair", "responsesReceived")
    heard = call.total("candidate-pair", "requestsReceived")
    mapped = any(one.type in ("srflx", "relay") for one in call.local_candidates)
    if call.connected is not None or answered or heard or (mapped and not _tcp_relay(call)):
        return
    if not call.stats("candidate-pair"):
        return
    yield Finding(
        "udp-blocked",
        "No UDP leaves this network: no server has answered over it, and no check of a peer.",
        (
            *(_line(error) for url in silent for error in call.gather_errors if error.url == url),
            f"{call.total('candidate-pair', 'requestsSent'):.0f} checks were sent, none answered",
        ),
        "Use a TURN server over TLS: turns:HOST:443?transport=tcp.",
    )


def _tcp_relay(call: Call) -> bool:
    return any(_over_tcp(url) for url in _server_urls(call)) and _relayed(call)


def stun_silent(call: Call) -> Iterator[Finding]:
    """A server that does not answer."""
    for url, errors in _silent(call).items():
        kind = "TURN" if _relays(url) else "STUN"
        yield Finding(
            f"{kind.lower()}-silent",
            f"{url} gave no answer: {errors[0].words}.",
            tuple(_line(error) for error in errors[:3]),
            f"Check its address and port, and that it is up; else name another {kind} server"
            + (", or the same over TCP or TLS." if _relays(url) else "."),
        )


def _silent(call: Call) -> dict[str, list[GatherError]]:
    return {
        url: errors
        for url, errors in _by_server(call, UNREACHABLE).items()
        if not _unknown(errors[0]) and not _unconnected(errors[0])
    }


def _unknown(error: GatherError) -> bool:
    """Tell whether it was the name: then words of ours begin with it, browsers speak of lookups."""
    words = error.words.lower()
    if "certificate" in words:
        return False
    host = _host(error.url).rsplit(":", 1)[0]
    return words.startswith((host.lower(), "no answer for")) or "lookup" in words


def _unconnected(error: GatherError) -> bool:
    """Tell whether it was a connection of TCP or TLS that could not be made."""
    words = error.words.lower()
    return _over_tcp(error.url) and any(word in words for word in _CONNECTING)


_CONNECTING = ("refused", "reset", "closed", "certificate", "ssl", "tls", "unreachable", "connect")
"""Words of errors about connections."""


def server_unconnected(call: Call) -> Iterator[Finding]:
    """A server over TCP or TLS that no connection can be made to."""
    for url, errors in _by_server(call, UNREACHABLE).items():
        if _unconnected(errors[0]) and not _unknown(errors[0]):
            yield Finding(
                "server-unconnected",
                f"No connection to {url} could be made: {errors[0].words}.",
                tuple(_line(error) for error in errors[:3]),
                "Check its port and, for TLS, that its certificate carries the name of the URL.",
            )


def server_unknown(call: Call) -> Iterator[Finding]:
    """A server whose name nobody knows."""
    for url, errors in _by_server(call, UNREACHABLE).items():
        if _unknown(errors[0]):
            yield Finding(
                "server-name-unknown",
                f"{url} has a name that does not resolve.",
                tuple(_line(error) for error in errors[:3]),
                "Check the spelling, and the name servers of this machine.",
            )


def turn_refused(call: Call) -> Iterator[Finding]:
    """A server that answers and gives no address."""
    for code, (cause, words, advice) in TURN_REFUSALS.items():
        for url, errors in _by_server(call, code).items():
            if code == 401 and _expired(call, url):
                yield _expired_finding(call, url, errors)
                continue
            yield Finding(
                cause,
                f"{url} {words}",
                (*(_line(error) for error in errors[:3]), *_relay_line(call)),
                advice,
            )


TURN_REFUSALS = {
    401: (
        "turn-credentials",
        "refuses the credentials.",
        "Check user name and credential; those of a REST interface hold for one server alone.",
    ),
    403: (
        "turn-forbidden",
        "allows no allocation.",
        "Ask its operator why this user or address is shut out.",
    ),
    437: (
        "turn-port-taken",
        "holds an old allocation for our port.",
        "Wait until it has expired (10 minutes at most), or use another port.",
    ),
    438: (
        "turn-nonce",
        "rejects the nonce it has just given.",
        (
            "Several servers behind one address do not know each other's nonces: have each client "
            "always reach the same one."
        ),
    ),
    440: (
        "turn-family",
        "has no address of that family.",
        "Use a server with both families, or ask for the one it has.",
    ),
    486: (
        "turn-quota",
        "has no allocation left for this user.",
        "Close connections that are not used, or raise the quota (coturn: user-quota).",
    ),
    508: (
        "turn-capacity",
        "has no capacity left.",
        "Raise its total quota or its range of ports, or use another server.",
    ),
}
"""What TURN servers answer (RFC 8656), what it means, what to do."""


def _expired(call: Call, url: str) -> bool:
    until = _until(call, url)
    return until is not None and until < call.begun + call.gather_errors[0].time


def _until(call: Call, url: str) -> int | None:
    """Until when the user name of a server holds, where it says so (the REST interface)."""
    return expiry(str(_server(call, url).get("username") or ""))


def expiry(username: str) -> int | None:
    """Give the time that a user name of the REST interface holds until, in seconds since 1970."""
    stamp = username.partition(":")[0]
    return int(stamp) if stamp.isdecimal() and len(stamp) == 10 else None


def _expired_finding(call: Call, url: str, errors: list[GatherError]) -> Finding:
    ago = (call.begun + errors[0].time - (_until(call, url) or 0)) / 60
    return Finding(
        "turn-credentials-expired",
        f"The credentials for {url} ended {ago:.0f} min before they were used.",
        tuple(_line(error) for error in errors[:3]),
        "Fetch new ones for each call.",
    )


def _relay_line(call: Call) -> list[str]:
    return [] if _relayed(call) else ["no server gave a relayed address"]


def relay_only(call: Call) -> Iterator[Finding]:
    """Only relays are allowed, and there is none."""
    if call.settings.get("iceTransportPolicy") != "relay" or _relayed(call):
        return
    if call.gather_errors or not call.local:
        return
    yield Finding(
        "relay-only-without-relay",
        "Only relayed addresses are allowed (iceTransportPolicy), and no server gave one.",
        (f"servers: {' '.join(_server_urls(call)) or 'none'}", "no relay candidate was gathered"),
        "Name a TURN server with its credentials, or set the policy to 'all'.",
    )


def relay_private(call: Call) -> Iterator[Finding]:
    """A relay that gives an address of its own network."""
    for one in call.local_candidates:
        if one.type == "relay" and is_private(one.address) and call.connected is None:
            public = [o for o in call.remote_candidates if not is_private(o.address)]
            if public:
                yield Finding(
                    "relay-address-private",
                    f"A TURN server gives the relayed address {one.address}, which is private.",
                    (f"{seconds(one.time)} {one}",),
                    "Tell the server its public address (coturn: external-ip).",
                    not call.total("candidate-pair", "responsesReceived"),
                )
                return


def _servers(call: Call) -> list[Mapping[str, Any]]:
    given = call.settings.get("iceServers")
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def _urls_of(server: Mapping[str, Any]) -> list[str]:
    urls = server.get("urls", server.get("url"))
    if isinstance(urls, str):
        return [urls]
    return [str(one) for one in urls] if isinstance(urls, list | tuple) else []


def _server_urls(call: Call) -> list[str]:
    return [url for server in _servers(call) for url in _urls_of(server)]


def _server(call: Call, url: str) -> Mapping[str, Any]:
    """The server with a URL; browsers add port and transport to it."""
    for server in _servers(call):
        if any(url.startswith(one.partition("?")[0]) for one in _urls_of(server)):
            return server
    return {}


def _host(url: str) -> str:
    return url.partition(":")[2].partition("?")[0]


CAUSES = (
    udp_blocked,
    relay_only,
    turn_refused,
    server_unknown,
    server_unconnected,
    stun_silent,
    relay_private,
)
