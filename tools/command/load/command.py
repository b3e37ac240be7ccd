"""From the arguments of `aiopeer load` to what it prints."""

import argparse
import asyncio
import contextlib
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from peer import DOMException, RTCConfiguration, RTCIceServer, RTCPeerConnection
from peer.signaling import WhipClient

from .bots import Call, Join
from .crowd import Outcome, Plan, gather_crowd
from .echo import another_process
from .report import Figures, as_json, figures, milliseconds, percentile, verdict

SHOWN = 5
"""Calls that have a line of their own: the worst."""


def run(given: argparse.Namespace) -> str:
    """Have the bots call, and tell how it went. Raises ValueError and OSError."""
    if given.bots < 1 or given.rate <= 0 or given.seconds < 1:
        raise ValueError("at least one bot, at a rate above 0, for a second")
    plan = Plan(given.bots, given.rate, given.seconds, given.encoded)
    with contextlib.ExitStack() as stack:
        url = given.url or stack.enter_context(another_process())
        with _progress() as progress:
            task = progress.add_task("calling", total=plan.bots)

            def tell(what: str, done: int, total: int) -> None:
                progress.update(task, description=what, completed=done, total=total)

            async def call() -> Outcome:
                async with Dialer(url, given.token, given.ice_server, given.dump) as dial:
                    return await gather_crowd(plan, dial, tell)

            try:
                outcome = asyncio.run(call())
            except DOMException as error:
                # A URL of a server is wrong: what a call meets costs that call.
                raise ValueError(str(error)) from None
    return as_json(outcome) if given.json else text(outcome)


class Dialer:
    """Makes connections that join at a URL, each with a dump of its own if there is to be one.

    Leaving the block ends their sessions.
    """

    def __init__(
        self, url: str, token: str | None, ice_servers: list[str], dump: str | None
    ) -> None:
        self._url, self._token = url, token
        self._servers = [RTCIceServer(each) for each in ice_servers]
        self._dump = None if dump is None else Path(dump)
        if self._dump is not None:
            self._dump.mkdir(parents=True, exist_ok=True)
        self._clients: list[WhipClient] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await asyncio.gather(*(client.close() for client in self._clients))

    def __call__(self, number: int) -> tuple[RTCPeerConnection, Join]:
        """Make a connection, and say how it joins."""
        trace = None if self._dump is None else self._dump / f"bot-{number:04}.jsonl"
        pc = RTCPeerConnection(RTCConfiguration(iceServers=self._servers, trace=trace))
        return pc, self._join

    async def _join(self, pc: RTCPeerConnection) -> None:
        client = WhipClient(self._url, token=self._token)
        self._clients.append(client)
        await client.connect(pc)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def text(outcome: Outcome) -> str:
    """Tell it as tables and a verdict."""
    found = figures(outcome)
    console = Console(no_color=True, width=100, force_terminal=False)
    with console.capture() as captured:
        console.print(_summary(found))
        if len(outcome.calls) > 1:
            console.print(_worst(outcome.calls))
        console.print(verdict(found), soft_wrap=True)
    return captured.get().rstrip("\n")


def _summary(found: Figures) -> Table:
    table = Table(title=f"{found.bots} bots")
    for name in ("", "half", "95 %"):
        table.add_column(name, justify="left" if not name else "right")
    table.add_row("set-up", *map(milliseconds, found.set_up))
    table.add_row("added delay, there and back", *map(milliseconds, found.added_delay))
    table.add_row("lost", f"{100 * found.lost:.2f} %")
    table.add_row("freezes", str(found.freezes))
    table.add_row("processor", f"{found.cores:.2f} cores")
    if found.failed:
        table.add_row("failed", str(found.failed))
    return table


def _worst(calls: list[Call]) -> Table:
    table = Table(title="the worst")
    for name in ("bot", "set-up", "delay, 95 %", "lost", ""):
        table.add_column(name, justify="right" if name else "left")
    for call in sorted(calls, key=_badness, reverse=True)[:SHOWN]:
        slow = percentile([delay for _, delay in call.delays], 0.95)
        times = milliseconds(call.set_up), milliseconds(slow)
        table.add_row(str(call.number), *times, str(call.lost), call.failure or "")
    return table


def _badness(call: Call) -> tuple[bool, float]:
    delays = [delay for _, delay in call.delays]
    return call.failure is not None, percentile(delays, 0.95) or 0.0
