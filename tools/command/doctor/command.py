"""From the arguments of `aiopeer doctor` to what it prints."""

import argparse
import asyncio
import getpass
import json
import ssl
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from peer.net import IceServer
from peer.trace import printable

from .examination import Given, examine
from .report import report_json, report_text

_CLEAR = "\r\x1b[K"
"""Clears the line of a terminal."""


def run(given: argparse.Namespace) -> str:
    """Examine, and tell what came out. Raises OSError and ValueError for what was given."""
    servers = [] if given.servers is None else list(read_servers(given.servers))
    if given.url:
        servers.append(named(given))
    context = None if given.cafile is None else ssl.create_default_context(cafile=given.cafile)
    asked = Given(tuple(servers), context=context, lifetime=given.lifetime, clock=given.clock)
    try:
        found = asyncio.run(examine(asked, _tell))
    finally:
        _end_telling()
    report = report_json if given.json else report_text
    return report(found.checks, found.prospects)


def named(given: argparse.Namespace) -> IceServer:
    """Give the servers that were named; asks for a password that is needed and was not told.

    Raises ValueError where nobody can be asked.
    """
    credential: str | None = given.credential
    if credential is None:
        relays = any(url.startswith("turn") for url in given.url)
        credential = _typed() if relays and given.username else ""
    return IceServer(tuple(given.url), given.username, credential)


def _typed() -> str:
    try:
        return getpass.getpass("credential: ")
    except EOFError:
        raise ValueError("TURN needs a credential: type it, or give --credential") from None


def read_servers(file: str) -> Iterator[IceServer]:
    """Read the `iceServers` of a configuration, as JSON. Raises OSError and ValueError."""
    found = json.loads(Path(file).read_text(encoding="utf-8"))
    if isinstance(found, Mapping):
        found = found.get("iceServers", [found])
    if not isinstance(found, list):
        raise ValueError(f"{file} has no list of servers")
    yield from map(_server, found)


def _server(found: Any) -> IceServer:
    urls = found.get("urls") if isinstance(found, Mapping) else None
    urls = [urls] if isinstance(urls, str) else urls
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ValueError("a server needs urls: a text, or a list of them")
    username, credential = (str(found.get(each) or "") for each in ("username", "credential"))
    return IceServer(tuple(urls), username, credential)


def _tell(words: str) -> None:
    """Say on a terminal what is being done."""
    if sys.stderr.isatty():
        print(f"{_CLEAR}{printable(words)} ...", end="", file=sys.stderr, flush=True)


def _end_telling() -> None:
    if sys.stderr.isatty():
        print(_CLEAR, end="", file=sys.stderr, flush=True)
