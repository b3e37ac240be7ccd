"""The command line of the demo."""

import asyncio
import re
import socket
from contextlib import suppress

import pytest

from demos.call.__main__ import parse_arguments, run
from tests.demos.visitor import until


def test_its_address_is_printed_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    printed = ""

    def is_printed() -> bool:
        nonlocal printed
        printed += capsys.readouterr().out
        return bool(printed)

    async def serve_for_a_moment() -> None:
        demo = asyncio.create_task(run(parse_arguments(["--port", "0"])))
        await until(is_printed)
        demo.cancel()
        with suppress(asyncio.CancelledError):
            await demo

    asyncio.run(serve_for_a_moment())
    assert re.fullmatch(r"Open http://localhost:\d+ in a browser\. Ctrl-C ends it\.\n", printed)


def test_a_taken_port_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert asyncio.run(run(parse_arguments(["--port", str(port)]))) == 1
    line = capsys.readouterr().out
    assert line.startswith(f"demo: FAILED port {port} ")
