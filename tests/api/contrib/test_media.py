"""The helpers are where programs of aiortc look for them."""

from aiortc.contrib import media as aiortc_media

from peer.contrib import media


def test_every_helper_is_there() -> None:
    assert {name: getattr(media, name) for name in media.__all__} == {
        name: getattr(aiortc_media, name)
        for name in ("MediaBlackhole", "MediaPlayer", "MediaRecorder", "MediaRelay")
    }
