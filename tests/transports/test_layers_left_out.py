"""Pictures of the upper temporal layers, where there is little room."""

from typing import Any

import pytest

from peer.rtp import TemporalLayer
from peer.transports.encoded import Encoded
from peer.transports.outlet import SendDrop
from peer.transports.picture_encoder import PictureEncoder
from peer.transports.sender import RtpSender
from tests.transports.media import PushedTrack, Recorder, send_parameters
from tests.transports.test_dtls import run
from tests.transports.wire import until


@pytest.mark.parametrize("is_reference", [False, True])
def test_what_no_picture_needs_is_left_out_where_much_waits(
    monkeypatch: pytest.MonkeyPatch, *, is_reference: bool
) -> None:
    layer = TemporalLayer(1, is_sync=True, is_reference=is_reference)

    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        encode = PictureEncoder.encode

        async def with_layer(*arguments: Any, **options: Any) -> Encoded:
            encoded = await encode(*arguments, **options)
            frames = [frame._replace(layer=layer) for frame in encoded.frames]
            return encoded._replace(frames=frames)

        sender.send(transport, send_parameters("v0", 7))
        track.push()
        await until(lambda: len(transport.rtp) == 1)
        monkeypatch.setattr(PictureEncoder, "encode", with_layer)
        monkeypatch.setattr(transport.sending, "backlog", lambda: 0.1)
        track.push()
        await until(lambda: track.read == 2 and sender.statistics().frames_encoded == 2)  # type: ignore[union-attr]
        assert sender.drops[SendDrop.CONGESTED] == (not is_reference)
        assert len(transport.rtp) == 1 + is_reference
        await sender.stop()

    run(scenario)
