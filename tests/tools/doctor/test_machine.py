"""What a machine has."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from peer.ice import NetworkType
from peer.net import InterfaceAddress, System
from peer.testing import Network, run
from peer.testing.system import HostSystem
from tools.command.doctor.machine import (
    clock,
    interfaces,
    ipv6,
    judge_clock,
    judge_latency,
    loop_latency,
    mdns,
)
from tools.command.doctor.report import Status


class Pretended(HostSystem):
    """A host with other addresses, of which some are sent from by default."""

    def __init__(self, *addresses: InterfaceAddress, default: bool = True) -> None:
        self._addresses, self._default = addresses, default

    def addresses(self) -> list[InterfaceAddress]:
        return list(self._addresses)

    def default_route_addresses(self, addresses: list[InterfaceAddress]) -> list[InterfaceAddress]:
        return addresses if self._default else []


LOOPBACK = InterfaceAddress("lo", "127.0.0.1", 8, NetworkType.LOOPBACK)
WIFI = InterfaceAddress("wlan0", "192.168.1.2", 24, NetworkType.WIFI)
DOCKER = InterfaceAddress("docker0", "172.17.0.1", 16, NetworkType.CONTAINER)


@pytest.mark.parametrize(
    ("system", "status"),
    [
        (Pretended(LOOPBACK), Status.FAIL),
        (Pretended(LOOPBACK, WIFI), Status.PASS),
        (Pretended(LOOPBACK, WIFI, default=False), Status.WARN),
        (Pretended(DOCKER), Status.WARN),
        (Pretended(DOCKER, WIFI), Status.PASS),
    ],
)
def test_interfaces(system: System, status: Status) -> None:
    assert interfaces(system).status is status


@pytest.mark.parametrize(
    ("host", "status"),
    [("2a00::1", Status.PASS), ("fe80::1", Status.WARN), ("fd00::1", Status.WARN)],
)
def test_ipv6(host: str, status: Status) -> None:
    assert ipv6(Pretended(InterfaceAddress("eth0", host, 64))).status is status


def test_a_loop_that_is_on_time() -> None:
    assert run(loop_latency()).status is Status.PASS


def test_a_loop_that_is_held_up() -> None:
    assert judge_latency([0.0] * 50 + [0.06]).status is Status.WARN


def test_clocks() -> None:
    assert judge_clock("x", 1e9, 1e9 + 5).status is Status.PASS
    assert judge_clock("x", 1e9, 1e9 + 50).status is Status.FAIL
    assert judge_clock("x", 1e9, 1e9 - 50).words == "50 s behind x"


@contextmanager
def web_server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_the_clock_of_a_web_server() -> None:
    with web_server() as url:
        assert asyncio.run(clock(url)).status is Status.PASS
    assert asyncio.run(clock(url)).status is Status.UNKNOWN
    assert asyncio.run(clock("file:///etc/passwd")).status is Status.UNKNOWN


def test_a_web_server_that_speaks_no_http() -> None:
    async def story() -> Status:
        def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example\r\n")
            writer.close()

        async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return (await clock(f"http://127.0.0.1:{port}/")).status

    assert asyncio.run(story()) is Status.UNKNOWN


def test_without_a_link_no_name_is_asked_for() -> None:
    assert run(mdns(Pretended(LOOPBACK))).status is Status.UNKNOWN


def test_a_name_that_nobody_has_heard_of() -> None:
    """Sockets of one simulated host do not hear each other's multicast."""

    async def story() -> Status:
        return (await mdns(Network().host("alice").system)).status

    assert run(story()) is Status.WARN
