"""Runs the demo: `python -m demos.call [--browser headless]`."""

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path

from websockets.asyncio.server import Server

from demos.call.headless import visit
from demos.call.server import Reception, serve_page
from demos.call.sound import melody

DEFAULT_PORT = 8080


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m demos.call", description=__doc__)
    parser.add_argument("--port", type=int, help=f"{DEFAULT_PORT}, or any that is free")
    parser.add_argument("--browser", choices=["headless"], help="visit the page, and report")
    parser.add_argument(
        "--screenshot", type=Path, default=Path("demo.png"), help="where the report's picture goes"
    )
    return parser.parse_args(arguments)


async def start(port: int | None) -> tuple[Server, str]:
    """Serve the page on this port; gives its address."""
    if port is None:
        with contextlib.suppress(OSError):
            return await start(DEFAULT_PORT)
        port = 0
    host = "localhost" if port else "127.0.0.1"
    server = await serve_page(Reception(), host, port)
    address = f"http://localhost:{server.sockets[0].getsockname()[1]}"
    return server, address


async def run(options: argparse.Namespace) -> int:
    """Serve until interrupted, or until the headless browser is done; gives the exit status."""
    melody()
    try:
        server, address = await start(options.port)
    except OSError as error:
        print(f"demo: FAILED port {options.port} cannot be had: {error.strerror}")
        return 1
    async with server:
        if options.browser == "headless":
            verdict = await visit(address, options.screenshot)
            print(f"demo: {verdict}")
            return 0 if verdict.passed else 1
        print(f"Open {address} in a browser. Ctrl-C ends it.", flush=True)
        await server.wait_closed()
    return 0


def main() -> None:
    """Run the demo."""
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(run(parse_arguments())))


if __name__ == "__main__":
    main()
