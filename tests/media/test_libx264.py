"""libx264, called itself."""

import ctypes
from collections.abc import Iterator

import pytest

from peer.media import libx264
from peer.media.libx264 import X264Encoder, X264Error, load
from peer.media.video import planes_of
from tests.media.pictures import moving


@pytest.fixture
def nothing_cached() -> Iterator[None]:
    load.cache_clear()
    yield
    load.cache_clear()


def make(**settings: str) -> X264Encoder:
    return X264Encoder(320, 180, "baseline", "superfast", {"log": "-1", **settings})


def test_the_library_that_pyav_brings_is_found() -> None:
    assert load() is not None
    assert load() is load()


@pytest.mark.usefixtures("nothing_cached")
@pytest.mark.parametrize(("name", "value"), [("_LEVEL", 12), ("_PLANES", 2)])
def test_a_library_that_lays_out_its_structures_otherwise_is_not_used(
    name: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libx264, name, value)
    assert load() is None
    with pytest.raises(X264Error, match="no libx264"):
        make()


@pytest.mark.usefixtures("nothing_cached")
def test_without_a_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for found in ([], [ctypes.CDLL(None)]):
        load.cache_clear()
        monkeypatch.setattr(libx264, "libraries", lambda _, found=found: iter(found))
        assert load() is None


def test_what_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(X264Error, match="bitrate cannot be much"):
        make(bitrate="much")
    with pytest.raises(X264Error, match="no profile"):
        X264Encoder(320, 180, "none", "superfast", {})
    with pytest.raises(X264Error, match="preset"):
        X264Encoder(320, 180, "baseline", "none", {})
    with pytest.raises(X264Error, match="cannot be opened"):
        X264Encoder(0, 0, "baseline", "superfast", {"log": "-1"})
    monkeypatch.setattr(libx264, "BUILDS", ())
    with pytest.raises(X264Error, match="cannot be opened"):
        make()


def test_a_picture_is_encoded() -> None:
    encoder, pictures = make(keyint="infinite", scenecut="0"), moving()
    made = [encoder.encode(planes_of(next(pictures)), key=key) for key in (False, False, True)]
    assert [one and one[1] for one in made] == [True, False, True]
    assert 0 <= encoder.quantizer <= 51
