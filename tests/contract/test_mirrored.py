"""A test file has the name of the file it tests; files without one are listed, with their tests."""

from pathlib import Path

from .source_tree import ROOT, sources

ELSEWHERE = {
    # What an application holds, and aiortc's names.
    "tests/api": ["connection", "api/host", "api/rtp_capabilities", "api/transceiver"],
    "tests/api/test_early_transports.py": ["api/dtls_transport", "api/ice_transport"],
    "tests/api/test_ortc.py": ["api/kinship"],
    "tests/api/test_rtp_sender.py": ["api/rtp_parameters", "session/transceivers"],
    "tests/api/test_stand_in.py": ["stand_in", "__main__"],
    "tests/api/test_aiortc_names.py": [
        "exceptions",
        "jitterbuffer",
        "mediastreams",
        "rtcconfiguration",
        "rtcdatachannel",
        "rtcdtlstransport",
        "rtcicetransport",
        "rtcpeerconnection",
        "rtcrtpparameters",
        "rtcrtpreceiver",
        "rtcrtpsender",
        "rtcrtptransceiver",
        "rtcsctptransport",
        "rtcsessiondescription",
        "sdp",
    ],
    "tests/contract/test_imports.py": ["front_door"],
    "tests/session/test_executor.py": ["session/errors"],
    # Records, and what acts for others.
    "tests/ice": [
        "ice/base",
        "ice/binding",
        "ice/connection",
        "ice/errors",
        "ice/events",
        "ice/session",
        "ice/stream",
    ],
    "tests/ice/test_relaying.py": ["ice/relay"],
    "tests/ice/stun": ["ice/stun/errors"],
    "tests/ice/turn/test_allocation.py": [
        "ice/turn/allocate",
        "ice/turn/attempts",
        "ice/turn/config",
        "ice/turn/events",
        "ice/turn/exchange",
    ],
    "tests/rtp/congestion/test_allocation.py": ["rtp/congestion/demand"],
    "tests/scenarios": ["ice/controlling", "ice/tcp"],
    "tests/jsep": ["jsep/description", "jsep/media", "jsep/model", "jsep/state", "jsep/wiring"],
    "tests/jsep/test_plan.py": ["jsep/steps"],
    "tests/sdp": ["sdp/attribute", "sdp/media", "sdp/tokens"],
    "tests/sdp/test_parser.py": [
        "sdp/builder",
        "sdp/connection",
        "sdp/media_parser",
        "sdp/origin",
        "sdp/session_parser",
    ],
    "tests/rtp/test_rtcp.py": ["rtp/feedback", "rtp/reports"],
    "tests/rtp/fec/test_parity.py": [
        "rtp/fec/bits",
        "rtp/fec/drops",
        "rtp/fec/flexfec",
        "rtp/fec/ulpfec",
    ],
    "tests/net/test_driver.py": [
        "net/component",
        "net/config",
        "net/connections",
        "net/datagrams",
        "net/events",
        "net/path",
        "net/system",
    ],
    "tests/net/test_mdns.py": ["net/mdns_responder", "net/multicast"],
    "tests/attacks/test_small_machines.py": ["net/exhaustion"],
    "tests/attacks/test_tcp_strangers.py": ["net/listener"],
    "tests/sctp": ["sctp/arrival", "sctp/config", "sctp/departure", "sctp/session", "sctp/wire"],
    "tests/sctp/test_association.py": ["sctp/drops", "sctp/events"],
    "tests/sctp/test_channels.py": ["sctp/channel"],
    "tests/sctp/test_outgoing.py": ["sctp/message"],
    "tests/sctp/test_setup.py": ["sctp/establishment"],
    "tests/transports/test_dtls.py": ["transports/identity"],
    "tests/transports/test_group.py": ["transports/parameters"],
    "tests/transports/test_outbound.py": ["transports/repair_source"],
    "tests/transports/test_recovering.py": ["transports/fec_stream"],
    "tests/transports/test_seeing.py": ["transports/followed"],
    "tests/transports/test_stock_aiortc.py": ["transports/stock"],
    "tests/transports/test_statistics.py": ["net/wall_clock"],
    "tests/explain/test_kinds.py": ["explain/outage", "explain/quality"],
    "tests/explain/test_causes.py": [
        "explain/checks",
        "explain/data",
        "explain/ending",
        "explain/finding",
        "explain/media",
        "explain/security",
        "explain/servers",
        "explain/signalling",
        "explain/stalling",
    ],
    "tests/commands/test_commands.py": ["commands/receiver", "commands/sender"],
    "tests/signaling/test_endpoint.py": ["signaling/door", "signaling/sessions"],
    "tests/signaling/test_small_webrtc.py": [
        "signaling/app_messages",
        "signaling/small_webrtc_endpoint",
    ],
    "tests/signaling/test_whip.py": ["signaling/requests"],
    "tests/trace/test_dump.py": ["trace/entry", "trace/names"],
    # The simulated internet has a folder for its tests.
    "tests/sim_tests": [
        "testing/internet/client_path",
        "testing/internet/dns",
        "testing/internet/firewall",
        "testing/internet/host",
        "testing/internet/inbox",
        "testing/internet/kernel",
        "testing/internet/link",
        "testing/internet/nat",
        "testing/internet/network",
        "testing/internet/packet",
        "testing/internet/packet_log",
        "testing/internet/router",
        "testing/internet/server_faults",
        "testing/internet/simulation",
        "testing/internet/stun_server",
        "testing/internet/tcp",
        "testing/internet/turn_allocation",
        "testing/internet/turn_auth",
        "testing/internet/turn_framer",
        "testing/internet/turn_relay",
        "testing/internet/turn_server",
    ],
    "tests/testing/test_network.py": [
        "testing/certificate",
        "testing/live",
        "testing/signalling",
        "testing/stream",
        "testing/system",
    ],
    "tests/testing/test_media.py": ["testing/line", "testing/tracks"],
}


def without_test_file() -> set[str]:
    """Name the files of the sources that no test file has the name of."""
    found = set()
    for path in sources("peer", "sdp"):
        name = path.relative_to(ROOT)
        name = name.relative_to("peer") if name.parts[0] == "peer" else name
        test = Path("tests", name.parent, f"test_{name.name}")
        if path.name != "__init__.py" and not (ROOT / test).exists():
            found.add(name.with_suffix("").as_posix())
    return found


def test_files_without_a_test_file_are_listed() -> None:
    listed = {name for names in ELSEWHERE.values() for name in names}
    assert without_test_file() - listed == set(), "to be listed in ELSEWHERE, with what tests them"
    assert listed - without_test_file() == set(), "they have a test file, or are gone"


def test_those_that_test_them_exist() -> None:
    assert [test for test in ELSEWHERE if not (ROOT / test).exists()] == []
