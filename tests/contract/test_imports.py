"""The import arrows of docs/design.md point down only."""

from collections.abc import Container
from pathlib import Path

from tests.contract.source_tree import faults, imported_modules, module_name, sources

PURE = (
    "sdp",
    "peer.ice",
    "peer.jsep",
    "peer.rtp",
    "peer.sctp",
    "peer.trace",
    "peer.explain",
    "peer.records",
)
IMPURE_MODULES = (
    "asyncio",
    "socket",
    "ssl",
    "time",
    "random",
    "secrets",
    "os",
    "threading",
    "select",
    "aiortc",
    "aioice",
    "av",
)
ALLOWED = {
    "peer.records": (),
    "peer.front_door": (),
    "sdp": ("sdp",),
    "peer.ice": ("peer.ice",),
    "peer.jsep": ("peer.jsep", "sdp"),
    "peer.rtp": ("peer.rtp",),
    "peer.rtp.congestion": ("peer.rtp",),
    "peer.rtp.fec": ("peer.rtp",),
    "peer.sctp": ("peer.sctp",),
    "peer.trace": ("peer.trace", "sdp"),
    "peer.explain": ("peer.explain", "peer.trace", "sdp"),
    "peer.net": ("peer.net", "peer.ice"),
    "peer.media": ("peer.media", "peer.rtp"),
    "peer.testing": ("peer",),
    "peer.testing.internet": ("peer.testing.internet", "peer.ice"),
    "peer.transports": (
        "peer.transports",
        "peer.media",
        "peer.rtp",
        "peer.sctp",
        "peer.net",
        "peer.ice",
    ),
    "peer.stats": ("peer.stats", "peer.transports", "peer.net", "peer.ice"),
    "peer.api": (
        "peer.api",
        "peer.stats",
        "peer.trace",
        "peer.jsep",
        "peer.transports",
        "peer.media",
        "peer.net",
        "peer.ice",
        "sdp",
    ),
    "peer.session": (
        "peer.session",
        "peer.api",
        "peer.stats",
        "peer.trace",
        "peer.explain",
        "peer.jsep",
        "peer.transports",
        "peer.net",
        "peer.ice",
        "sdp",
    ),
    "peer.commands": ("peer",),
    "peer.files": ("peer",),
    "peer.signaling": ("peer", "sdp"),
    "demos": ("demos", "peer"),
    "tools": ("tools", "peer", "sdp"),
}
"""What each part may import of the project, apart from the ground all stand on."""

GROUND = ("peer.records", "peer.front_door")

SIDE_DOORS = ("peer.ice.stun", "peer.ice.address")
"""What the simulated internet speaks itself: the messages of STUN, and addresses."""

AIORTC = ("peer.transports", "peer.media")
"""The only importers of aiortc; `tools.bench` compares with it."""


def layer(name: str) -> str | None:
    """Give the part of the project a module belongs to, the most specific one."""
    fitting = [part for part in ALLOWED if name == part or name.startswith(part + ".")]
    return max(fitting, key=len, default=None)


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def imported_of(path: Path, packages: tuple[str, ...]) -> list[str]:
    """Give what a file imports of these packages."""
    return [name for name in imported_modules(path) if within(name, packages)]


ALL = sources("peer", "sdp", "tools", "demos")


def test_imports_point_down() -> None:
    assert faults(ALL, _upward) == {}


def _upward(path: Path) -> list[str]:
    part = layer(module_name(path))
    if part is None:
        return []
    project = [name for name in imported_modules(path) if within(name, ("peer", "sdp", "tools"))]
    return [name for name in project if not within(name, ALLOWED[part] + GROUND)]


def test_the_core_has_no_clock_socket_or_randomness() -> None:
    core = [path for path in ALL if within(module_name(path), PURE)]
    assert core
    assert faults(core, lambda path: imported_of(path, IMPURE_MODULES)) == {}


def test_no_module_needs_itself() -> None:
    """No circle of imports, those for type checkers alone included: each module can be read, and
    its types understood, with what it imports and nothing else.
    """
    modules = {module_name(path): path for path in ALL}
    needs = {name: _needed(path, modules) - {name} for name, path in modules.items()}
    while free := {name for name, others in needs.items() if not others & needs.keys()}:
        needs = {name: others for name, others in needs.items() if name not in free}
    assert sorted(needs) == []


def _needed(path: Path, modules: Container[str]) -> set[str]:
    """Give the modules of the project a file imports; `from . import name` may mean an object."""
    found = set()
    for name in imported_modules(path):
        found.add(name if name in modules else name.rpartition(".")[0])
    return found


def test_only_transports_and_media_import_aiortc() -> None:
    others = [path for path in ALL if not within(module_name(path), (*AIORTC, "tools.bench"))]
    assert faults(others, lambda path: imported_of(path, ("aiortc", "aioice"))) == {}


def test_nothing_needs_the_tools_for_tests() -> None:
    free = ("peer.testing", "tools", "demos")
    others = [path for path in ALL if not within(module_name(path), free)]
    assert faults(others, lambda path: imported_of(path, ("peer.testing",))) == {}


def test_packages_are_entered_by_their_front_door() -> None:
    """Another part's modules are reached through its package, never directly; one within another
    has a door of its own."""
    assert faults(ALL, _side_doors) == {}


def _side_doors(path: Path) -> list[str]:
    part = layer(module_name(path)) or "peer"
    if part.startswith("tools"):
        return []
    doors = tuple(door for door in ALLOWED if door not in ("demos", "tools"))
    foreign = tuple(door + "." for door in doors if not within(part, (door,)))
    return [
        name
        for name in imported_modules(path)
        if name.startswith(foreign) and name not in doors
        if not (part == "peer.testing.internet" and name in SIDE_DOORS)
    ]
