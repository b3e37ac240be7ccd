"""The helpers are where programs of aiortc look for them."""

from aiortc.contrib import media as aiortc_media

import peer
from peer.contrib import media


def test_every_helper_is_there() -> None:
    helpers = {name for name in vars(aiortc_media) if name.startswith("Media")}
    helpers -= {"MediaStreamTrack", "MediaStreamError", "MediaRecorderContext"}
    assert helpers <= set(media.__all__)
    assert all(getattr(media, name) is getattr(peer, name) for name in helpers)
    others = set(media.__all__) - helpers - {"PlayerStreamTrack"}
    assert all(getattr(media, name) is getattr(aiortc_media, name) for name in others)
