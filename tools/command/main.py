"""The command `aiopeer`: what a call can tell.

aiopeer trace FILE    what happened in a call, and why
aiopeer doctor URL    with whom a call from here will connect
aiopeer interop       our side against every other implementation (from a checkout)
aiopeer load          how many bots this machine carries
"""

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns what the process is to exit with."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help()
        return 0
    try:
        text: str = given.run(given)
    except (OSError, ValueError, RecursionError) as error:
        print(_shown(f"aiopeer {given.command}: {error}"), file=sys.stderr)
        return 1
    try:
        print(_shown(text))
    except BrokenPipeError:
        sys.stderr.close()
    return 0


def _shown(text: str) -> str:
    from peer.trace import printable

    return printable(text, besides="\n\t")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aiopeer", description="What a WebRTC call can tell.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_trace(commands)
    _add_sdp(commands)
    _add_stats(commands)
    _add_doctor(commands)
    _add_interop(commands)
    _add_load(commands)
    return parser


def _add_trace(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    trace = commands.add_parser(
        "trace",
        help="what happened in a call, and why",
        description="Show a trace: one that RTCConfiguration(trace=...) wrote, or a dump of a "
        "browser (RTCStats, or webrtc-internals).",
    )
    trace.add_argument("file", help="the file")
    trace.add_argument("--connection", help="one connection of it, by its name")
    trace.add_argument("--ladder", action="store_true", help="who said what, as a ladder")
    trace.add_argument("--html", metavar="PAGE", help="write a page to look at and to pass on")
    trace.add_argument("--json", action="store_true", help="what is explained, as JSON")
    trace.add_argument("--dump", metavar="FILE", help="write an RTCStats dump to pass on")
    trace.add_argument("--addresses", action="store_true", help="write addresses as they are")
    trace.set_defaults(run=_run_trace)


def _run_trace(given: argparse.Namespace) -> str:
    from . import trace

    read = trace.Read(given.file, connection=given.connection)
    if given.html is not None:
        return read.write_page(given.html, addresses=given.addresses)
    if given.dump is not None:
        return read.write_dump(given.dump, addresses=given.addresses)
    if given.json:
        return read.json()
    return read.ladder() if given.ladder else read.text()


def _add_sdp(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sdp = commands.add_parser(
        "sdp",
        help="a description line by line, and what is wrong with it; how two differ",
        description="Explain a session description: its text, or JSON with type and sdp. Passwords "
        "are not shown. With two it is said how they differ.",
    )
    sdp.add_argument("file", help="the file, or - for standard input")
    sdp.add_argument("other", nargs="?", help="another one, to be compared with it")
    sdp.set_defaults(run=_run_sdp)


def _run_sdp(given: argparse.Namespace) -> str:
    from .sdp import diff_text, explain_text

    return explain_text(given.file) if given.other is None else diff_text(given.file, given.other)


def _add_stats(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    stats = commands.add_parser(
        "stats",
        help="the last figures of a trace, also while it is written",
        description="Show what a trace says of its connections now. Run the program with "
        "AIOPEER_TRACE=FILE to have one.",
    )
    stats.add_argument("file", help="the file")
    stats.add_argument("--follow", action="store_true", help="look again each second")
    stats.set_defaults(run=_run_stats)


def _run_stats(given: argparse.Namespace) -> str:
    from .stats import follow, stats_text

    if given.follow:
        follow(given.file)
        return ""
    return stats_text(given.file)


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    doctor = commands.add_parser(
        "doctor",
        help="what this machine's network lets calls do, and with whom",
        description="Look at this machine, and ask the servers that are named; nobody else is "
        "asked. One server with RFC 5780, or two ordinary ones, tell how a NAT behaves.",
    )
    doctor.add_argument(
        "url", nargs="*", help="stun:HOST, turn:HOST?transport=udp, turns:HOST, ..."
    )
    doctor.add_argument("--servers", metavar="FILE", help="iceServers of an application, as JSON")
    doctor.add_argument("--username", default="", help="for the TURN servers that are named")
    doctor.add_argument("--credential", help="their password; it is asked for if it is left out")
    doctor.add_argument("--cafile", help="certificates of authorities to trust, for TLS")
    doctor.add_argument("--clock", metavar="URL", help="compare the clock with that web server's")
    doctor.add_argument(
        "--lifetime", action="store_true", help="how long a silent binding lives: three minutes"
    )
    doctor.add_argument("--json", action="store_true", help="what was found, as JSON")
    doctor.set_defaults(run=_run_doctor)


def _run_doctor(given: argparse.Namespace) -> str:
    from .doctor import command

    return command.run(given)


def _add_interop(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    interop = commands.add_parser(
        "interop",
        help="calls with every other implementation there is on this machine (from a checkout)",
        description="Call Chromium, Firefox, Pion, libdatachannel, werift, aiortc, Janus and "
        "baresip, as far as they are installed (`make test` does that), in both roles, and tell "
        "what works. Where something cannot work, it is said which standard the other side breaks.",
    )
    interop.add_argument("party", nargs="*", help="whom to call; everybody unless said")
    interop.add_argument(
        "--scenario",
        action="append",
        default=[],
        metavar="NAME",
        help="what to do; all unless said",
    )
    interop.add_argument("--json", metavar="FILE", help="write the outcomes as JSON")
    interop.add_argument("--html", metavar="PAGE", help="write a page, with traces of failures")
    interop.set_defaults(run=_run_interop)


def _run_interop(given: argparse.Namespace) -> str:
    from .interop import matrix

    as_it_should_be = matrix().run(given.party, given.scenario, json=given.json, html=given.html)
    return "" if as_it_should_be else sys.exit(1)


def _add_load(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    load = commands.add_parser(
        "load",
        help="have many bots call, and tell how it goes",
        description="Have bots call an endpoint that sends back what it hears (WHIP's POST of an "
        "offer), and measure set-up, delay, loss, freezes and CPU. Without a URL an endpoint in "
        "another process on this machine is called.",
    )
    load.add_argument("url", nargs="?", help="the endpoint")
    load.add_argument("--token", help="the endpoint's bearer token")
    load.add_argument("--bots", type=int, default=10, help="how many (10)")
    load.add_argument("--rate", type=float, default=5.0, help="how many come in a second (5)")
    load.add_argument("--seconds", type=float, default=10.0, help="how long all stay (10)")
    load.add_argument("--encoded", action="store_true", help="send and hear sound as it is encoded")
    load.add_argument("--ice-server", action="append", default=[], metavar="URL", help="stun:HOST")
    load.add_argument("--dump", metavar="FOLDER", help="write an RTCStats dump of each call there")
    load.add_argument("--json", action="store_true", help="all figures, as JSON")
    load.set_defaults(run=_run_load)


def _run_load(given: argparse.Namespace) -> str:
    try:
        from .load import command
    except ModuleNotFoundError as error:
        raise ValueError(f"{error.name} is missing: pip install aiopeer[load]") from None

    return command.run(given)


if __name__ == "__main__":
    sys.exit(main())
