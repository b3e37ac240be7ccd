"""The protected names of aiortc this project touches, so that an upgrade fails here.

They are touched through `self` alone, in the classes of `peer.transports` that extend aiortc's.
"""

import ast
import inspect
import re
import textwrap
import tomllib
from dataclasses import fields
from importlib.metadata import version

import pytest
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.rtcsessiondescription import RTCSessionDescription

from peer.transports.certificate import Certificate
from peer.transports.dtls import DtlsTransport
from peer.transports.track import RemoteTrack
from tests.contract.source_tree import ROOT

SEAM: dict[type, tuple[type, set[str]]] = {
    Certificate: (RTCCertificate, {"_cert", "_create_ssl_context", "_key"}),
    DtlsTransport: (
        RTCDtlsTransport,
        {
            "_do_handshake",
            "_recv_next",
            "_rx_srtp",
            "_set_role",
            "_set_state",
            "_setup_srtp",
            "_ssl",
            "_state",
            "_task",
            "_tx_srtp",
            "_validate_peer_identity",
        },
    ),
    RemoteTrack: (MediaStreamTrack, {"_id"}),
}


def definition(cls: type) -> ast.ClassDef:
    """Parse a class."""
    node = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(node, ast.ClassDef)
    return node


def protected(names: set[str]) -> set[str]:
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def defined(cls: type) -> set[str]:
    """Give the protected names a class defines: methods, and attributes set through `self`."""
    names: set[str] = set()
    for node in ast.walk(definition(cls)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return protected(names)


def touched(cls: type) -> set[str]:
    """Give the protected names used through `self` or `super()`, or defined anew."""
    names = defined(cls)
    for node in ast.walk(definition(cls)):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
    return protected(names)


@pytest.mark.parametrize("ours", SEAM, ids=lambda cls: cls.__name__)
def test_every_name_is_there(ours: type) -> None:
    base, names = SEAM[ours]
    assert issubclass(ours, base)
    assert names - defined(base) == set()


@pytest.mark.parametrize("ours", SEAM, ids=lambda cls: cls.__name__)
def test_every_name_that_is_touched_is_listed(ours: type) -> None:
    """Also those a class of ours would define without knowing that its base has them."""
    base, names = SEAM[ours]
    inherited = {name for cls in base.__mro__[:-1] for name in _defined_or_none(cls)}
    assert touched(ours) & inherited == names


def _defined_or_none(cls: type) -> set[str]:
    try:
        return defined(cls)
    except (OSError, TypeError):
        return set()


def test_state_of_the_base_that_only_it_may_hold() -> None:
    """Names mangled by aiortc cannot be reached; what replaces them must not be needed there."""
    source = inspect.getsource(RTCDtlsTransport)
    for name in ("_do_handshake", "_validate_peer_identity", "_setup_srtp", "_recv_next"):
        assert re.search(rf"self\.{name}\(", source), name
    assert "self._task = asyncio.ensure_future(self.__run())" in source


def test_what_aiortc_takes_as_a_signal_has_the_fields_it_had() -> None:
    """The API's classes of these names extend them and fill in every field."""
    assert [field.name for field in fields(RTCSessionDescription)] == ["sdp", "type"]
    assert [field.name for field in fields(RTCIceCandidate)] == [
        "component",
        "foundation",
        "ip",
        "port",
        "priority",
        "protocol",
        "type",
        "relatedAddress",
        "relatedPort",
        "sdpMid",
        "sdpMLineIndex",
        "tcpType",
    ]


def test_the_version_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "aiortc~=1.16.0" in project["dependencies"]
    assert version("aiortc").startswith("1.16.")
