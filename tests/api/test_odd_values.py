"""Whole calls whose descriptions carry odd values: what is taken does no harm later either."""

import asyncio
import re

import pytest

from peer import RTCPeerConnection
from peer.mediastreams import AudioStreamTrack, VideoStreamTrack
from tests.api.support import make, run, state_is
from tests.jsep.test_odd_values import ODD_LINES

# Well-formed but strange: what reaches encoders, the SCTP association and the ICE agent.
STRANGE = [
    "b=TIAS:0",
    "b=AS:1",
    "b=AS:99999999999",
    "a=ptime:100000",
    "a=ptime:0.01",
    "a=maxptime:0.001",
    "a=max-message-size:0",
    "a=max-message-size:1",
    "a=max-message-size:18446744073709551615",
    "a=fmtp:96 maxaveragebitrate=0;maxplaybackrate=x;ptime=0;minptime=900;stereo=7;cbr=2",
    "a=fmtp:97 max-fs=0;max-fr=-1;profile-level-id=zz;packetization-mode=7",
    "a=rtcp-fb:97 ccm tmmbr",
    "a=ssrc:0 cname:x",
    "a=ssrc:4294967295 cname:x",
    "a=ssrc-group:FID 1 1",
    "a=ssrc-group:FID 1 2 3",
    "a=msid:- -",
    "a=rid:1 send pt=1",
    "a=simulcast:recv 1",
    "a=ice-pacing:0",
    "a=candidate:1 1 udp 4294967295 127.0.0.1 1 typ host",
    "a=candidate:1 1 tcp 1 127.0.0.1 0 typ host",
    "a=candidate:1 2 udp 1 127.0.0.1 1 typ host",
    "a=candidate:1 1 udp 1 224.0.0.1 1 typ host",
    "a=candidate:1 1 udp 1 [::1] 1 typ relay raddr % rport 1",
]
AT_A_TIME = 12


def groups(lines: list[str]) -> list[list[str]]:
    """Many lines to a call, but of each kind one."""
    found: list[list[str]] = []
    for line in lines:
        kind = re.split("[:= ]", line[2:] or line)[0]
        for group in found:
            if len(group) < AT_A_TIME and not any(kind in other for other in group):
                group.append(line)
                break
        else:
            found.append([line])
    return found


def with_lines(pc: RTCPeerConnection, lines: list[str]) -> dict[str, str]:
    """The local description with lines at the end of every section; b= follows c=."""
    assert pc.localDescription is not None
    attributes = "".join(f"{line}\r\n" for line in lines if not line.startswith("b="))
    bandwidths = "".join(f"{line}\r\n" for line in lines if line.startswith("b="))
    session, *sections = re.split("(?m)^(?=m=)", pc.localDescription.sdp)
    changed = [
        re.sub("(?m)^(c=.*\r\n)", lambda found: found[0] + bandwidths, section) + attributes
        for section in sections
    ]
    return {"type": pc.localDescription.type, "sdp": session + "".join(changed)}


@pytest.mark.parametrize("lines", groups([*STRANGE, *ODD_LINES]), ids=lambda lines: lines[0][:40])
def test_a_call_with_odd_values_connects(lines: list[str]) -> None:
    async def story() -> None:
        reported: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        one, other = make(), make()
        one.createDataChannel("data")
        for end in (one, other):
            end.addTrack(AudioStreamTrack())
            end.addTrack(VideoStreamTrack())
        await one.setLocalDescription()
        await other.setRemoteDescription(with_lines(one, lines))
        await other.setLocalDescription()
        await one.setRemoteDescription(with_lines(other, lines))
        await state_is(one, "connected")
        await state_is(other, "connected")
        await one.close()
        await other.close()
        assert reported == []

    run(story)
