"""Programs that import aiortc run on this package; what is set in a module of such a name."""

import os
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import peer
from peer.stand_in import CONFIGURATION_VARIABLE, STANDING_IN
from peer.transports import stock
from tests.contract.source_tree import ROOT

CALL = """
import asyncio
import aiortc
from aiortc import *
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection
from aiortc.contrib.media import MediaRelay, MediaPlayer, REAL_TIME_FORMATS
from aiortc.rtcpeerconnection import RTCRtpTransceiver, find_common_codecs
import aiortc.rtcrtpreceiver as receiving, aiortc.rtp as rtp, aiortc.rate as rate
import aiortc.sdp
import peer

assert RTCPeerConnection is aiortc.RTCPeerConnection is peer.RTCPeerConnection
assert RTCRtpTransceiver is peer.RTCRtpTransceiver
assert receiving.RemoteStreamTrack is peer.RemoteStreamTrack
assert aiortc.contrib.media.MediaRecorder is peer.MediaRecorder
assert aiortc.sdp.candidate_from_sdp is peer.candidate_from_sdp
assert aiortc.sdp.H264Level(31).name == "LEVEL3_1"
assert rtp.RtpPacket and rate.RemoteBitrateEstimator and aiortc.codecs.get_encoder
assert RTCDataChannelParameters.__module__ == "aiortc.rtcdatachannel"

async def main():
    a = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    b = RTCPeerConnection(RTCConfiguration([]))
    channel, got = a.createDataChannel("chat"), asyncio.Event()
    b.on("datachannel", lambda one: one.on("message", lambda text: got.set()))
    channel.on("open", lambda: channel.send("hello"))
    await a.setLocalDescription(await a.createOffer())
    await b.setRemoteDescription(a.localDescription)
    await b.setLocalDescription(await b.createAnswer())
    await a.setRemoteDescription(b.localDescription)
    await asyncio.wait_for(got.wait(), 20)
    await a.close()
    await b.close()
    print("called")

asyncio.run(main())
"""


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_a_program_of_aiortc_after_the_installation() -> None:
    twice = "import peer\npeer.install_as_aiortc()\npeer.install_as_aiortc()\n"
    ended = python("-c", twice + CALL)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "called\n", "")


@pytest.mark.slow
def test_a_program_of_aiortc_from_the_command_line(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sys, helper\nassert sys.argv[1:] == ['one']\n" + CALL)
    (tmp_path / "helper.py").write_text("")
    for way in ([str(program)], ["-m", "program"]):
        ended = python("-m", "peer", *way, "one", PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path}")
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "called\n", "")
    assert "usage" in python("-m", "peer").stderr


@pytest.mark.parametrize("change", ["enable", "disable"])
def test_importing_leaves_garbage_collection_as_it_was(change: str) -> None:
    ended = python(
        "-c",
        f"import gc; gc.{change}(); before = gc.isenabled(); from peer import RTCPeerConnection\n"
        "assert gc.isenabled() == before",
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_imported_is_old_at_once() -> None:
    ended = python(
        "-c",
        "import gc\nfrom peer import RTCPeerConnection\n"
        "assert len(gc.get_objects(generation=0)) < 1000, len(gc.get_objects(generation=0))\n"
        "assert gc.get_freeze_count() == 0",
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_a_program_has_frozen_stays_so() -> None:
    ended = python(
        "-c",
        "import gc; gc.freeze(); before = gc.get_freeze_count()\n"
        "from peer import RTCPeerConnection\n"
        # Much of it has been freed meanwhile.
        "assert 0 < gc.get_freeze_count() <= before",
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_who_was_there_before_is_named() -> None:
    ended = python("-c", "from aiortc import RTCIceServer\nimport peer\npeer.install_as_aiortc()")
    assert ended.returncode == 0
    assert "in what was imported before: __main__" in ended.stderr


@pytest.mark.slow
def test_settings_from_the_environment() -> None:
    show = (
        "import peer; peer.install_as_aiortc(); import aiortc\n"
        "pc = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))\n"
        "found = pc.getConfiguration()\n"
        "print(found.consentTimeout, found.trickle, found.iceServers, found.bundlePolicy)\n"
    )
    given = '{"consentTimeout": 10, "trickle": true, "iceServers": [{"urls": "stun:a"}]}'
    ended = python("-c", show, **{CONFIGURATION_VARIABLE: given})
    assert ended.stdout == "10 True [] balanced\n"
    for wrong, error in (
        ("{", "is no JSON"),
        ("[]", "no JSON object"),
        ('{"trickle": 1}', "trickle"),
    ):
        ended = python("-c", show, **{CONFIGURATION_VARIABLE: wrong})
        assert ended.returncode == 1
        assert error in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", STANDING_IN)
def test_every_public_name_of_a_module_of_aiortc(name: str) -> None:
    ours, theirs = import_module(f"peer.{name}"), stock(name)
    missing = [one for one in vars(theirs) if one[0] != "_" and not hasattr(ours, one)]
    if name not in ("stats", "contrib"):
        assert missing == []
    replaced = [one for one in vars(theirs) if one in peer.__all__]
    assert [one for one in replaced if getattr(ours, one) is not getattr(peer, one)] == []


def test_what_nothing_reads_cannot_be_set_unnoticed() -> None:
    sender: Any = import_module("peer.rtcrtpsender")
    with pytest.warns(RuntimeWarning, match=r"nothing reads peer\.rtcrtpsender\.RTT_ALPHA"):
        sender.RTT_ALPHA = 1
    assert sender.RTT_ALPHA == 1
    del sender.RTT_ALPHA
    assert stock("rtcrtpsender").RTT_ALPHA == sender.RTT_ALPHA == 0.85
    with pytest.warns(RuntimeWarning, match="nothing reads"):
        sender.RTCRtpSender = peer.RTCRtpSender
    with pytest.raises(AttributeError, match="no attribute 'RTCRtpSendr'"):
        _ = sender.RTCRtpSendr


def test_what_is_set_where_aiortc_runs_takes_effect() -> None:
    theirs: Any
    sctp, theirs = import_module("peer.rtcsctptransport"), stock("rtcsctptransport")
    before = theirs.USERDATA_MAX_LENGTH
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with patch.object(sctp, "USERDATA_MAX_LENGTH", 1100):
            assert theirs.USERDATA_MAX_LENGTH == sctp.USERDATA_MAX_LENGTH == 1100
    assert theirs.USERDATA_MAX_LENGTH == sctp.USERDATA_MAX_LENGTH == before
