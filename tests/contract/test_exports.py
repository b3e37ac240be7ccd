"""The exported names of each package, pinned."""

import ast
import importlib
from pathlib import Path

import pytest

from tests.contract.source_tree import ROOT, tree

PACKAGES = (
    "peer",
    "peer.api",
    "peer.commands",
    "peer.explain",
    "peer.files",
    "peer.ice",
    "peer.ice.stun",
    "peer.ice.turn",
    "peer.jsep",
    "peer.media",
    "peer.net",
    "peer.rtp",
    "peer.rtp.congestion",
    "peer.rtp.fec",
    "peer.session",
    "peer.signaling",
    "peer.stats",
    "peer.testing",
    "peer.testing.internet",
    "peer.trace",
    "peer.transports",
    "sdp",
)


@pytest.mark.parametrize("name", PACKAGES)
def test_all_lists_what_is_there_once(name: str) -> None:
    package = importlib.import_module(name)
    exported = list(package.__all__)
    assert len(exported) == len(set(exported))
    assert [item for item in exported if not hasattr(package, item)] == []


@pytest.mark.parametrize("name", PACKAGES)
def test_the_exported_names_are_those_on_record(name: str) -> None:
    """A name that comes or goes is a decision: it changes the record in `exports/` as well."""
    record = (Path(__file__).parent / "exports" / f"{name}.txt").read_text(encoding="utf-8")
    assert sorted(importlib.import_module(name).__all__) == record.split()


@pytest.mark.parametrize("name", PACKAGES)
def test_nothing_private_is_exported(name: str) -> None:
    assert [item for item in importlib.import_module(name).__all__ if item.startswith("_")] == []


@pytest.mark.parametrize(
    "name", ["peer", "peer.signaling", "peer.stats", "peer.trace", "peer.transports"]
)
def test_what_is_imported_lazily_is_what_type_checkers_see(name: str) -> None:
    root = tree(ROOT / name.replace(".", "/") / "__init__.py")
    (block,) = [node for node in root.body if isinstance(node, ast.If)]
    seen = {
        alias.name: "." * node.level + (node.module or "")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    (table,) = [
        node.value
        for node in (*root.body, *block.orelse)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES"
    ]
    homes = ast.literal_eval(table)
    assert seen == {name: home for home, names in homes.items() for name in names}
    exported = set(importlib.import_module(name).__all__)
    assert set(seen) <= exported
    assert name != "peer" or set(seen) == exported
    # A module that has been imported is a name of its package as well, and would be found first.
    assert [home for home in homes if home.removeprefix(".") in exported] == []


def test_a_lazy_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match=r"module 'peer\.stats' has no attribute 'nothing'"):
        importlib.import_module("peer.stats").nothing  # noqa: B018


def test_the_ice_agent_has_the_interface_of_the_design() -> None:
    from peer.ice import IceAgent

    public = {name for name in vars(IceAgent) if not name.startswith("_")}
    assert public >= {
        # application
        "add_stream",
        "remove_stream",
        "remove_component",
        "add_base",
        "remove_base",
        "end_of_bases",
        "add_stun_server",
        "add_turn_server",
        "set_remote_parameters",
        "add_remote_candidate",
        "end_of_remote_candidates",
        "restart",
        "send",
        "close",
        # network
        "receive_datagram",
        "connection_opened",
        "receive_bytes",
        "connection_closed",
        # clock
        "handle_timer",
        # outputs
        "transmits",
        "next_event",
        "get_timer",
        # read-only
        "role",
        "state",
        "stats",
    }
