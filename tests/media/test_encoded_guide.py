"""The guide to encoded media (docs/encoded.md) stays true."""

import asyncio
import re
from typing import Any

import pytest

from peer.media import find_video_codec, registry
from peer.testing import Network, PictureTrack, connect, run
from tests.contract.source_tree import ROOT
from tests.testing.support import Seen, closing

GUIDE = (ROOT / "docs" / "encoded.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_what_it_shows_is_python(number: int) -> None:
    source = BLOCKS[number]
    # What awaits stands in some coroutine.
    indented = "".join(f"    {line}\n" for line in source.splitlines())
    compile(f"async def program():\n{indented}", f"block {number}", "exec")


def test_an_encoder_of_a_program_takes_the_place_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 50 lines at most; FFmpeg's libvpx stands for the hardware."""
    (source,) = (block for block in BLOCKS if block.startswith("# hardware.py"))
    assert len(source.splitlines()) <= 50
    program: dict[str, Any] = {}
    exec(source, program)
    monkeypatch.setattr(registry, "_VIDEO_CODECS", dict(registry._VIDEO_CODECS))
    program["use"]("video/VP8", "libvpx", deadline="realtime", **{"lag-in-frames": "0"})
    made: list[object] = []
    encoder = program["HardwareEncoder"]

    class Noted(encoder):  # type: ignore[misc, valid-type]
        def __init__(self, *args: object) -> None:
            super().__init__(*args)
            made.append(self)

    program["HardwareEncoder"] = Noted
    assert find_video_codec("video/VP8") is not None

    async def story() -> None:
        net = Network(seed=8)
        a, b = (net.host(name).connection() for name in "ab")
        async with closing(a, b):
            a.addTrack(PictureTrack())
            seen = Seen(b)
            await connect(a, b)
            await asyncio.sleep(3)
            b.getReceivers()[0].send_key_frame_request()
            await asyncio.sleep(1)
            assert seen.numbers == sorted(seen.numbers)
            assert len(seen.numbers) > 2 * 15
            (sent,) = a.getSenders()[0].below.statistics()
            assert sent.video.keyframes == 2
        assert len(made) == 1

    run(story(), seed=8)
