"""libvpx, called itself."""

import ctypes

import pytest

from peer.media import libvpx
from peer.media.libvpx import VpxEncoder, VpxError, VpxSettings, load
from peer.media.video import planes_of
from tests.media.pictures import moving


@pytest.fixture
def nothing_cached() -> "object":
    load.cache_clear()
    yield
    load.cache_clear()


def test_the_library_that_pyav_brings_is_found() -> None:
    assert load() is not None
    assert load() is load()


@pytest.mark.usefixtures("nothing_cached")
def test_a_library_that_lays_out_its_structures_otherwise_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Longer(ctypes.Structure):
        _fields_ = (("new", ctypes.c_uint), *libvpx._Config._fields_)

    monkeypatch.setattr(libvpx, "_Config", Longer)
    assert load() is None
    with pytest.raises(VpxError, match="no libvpx"):
        VpxEncoder(VpxSettings("vp8", 64, 64, 100_000))


@pytest.mark.usefixtures("nothing_cached")
def test_without_a_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for found in ([], [ctypes.CDLL(None)]):
        load.cache_clear()
        monkeypatch.setattr(libvpx, "libraries", lambda _, found=found: iter(found))
        assert load() is None


def test_what_it_refuses() -> None:
    with pytest.raises(VpxError, match="Invalid parameter"):
        VpxEncoder(VpxSettings("vp8", 0, 0, 100_000))
    encoder = VpxEncoder(VpxSettings("vp8", 64, 64, 100_000))
    with pytest.raises(VpxError):
        encoder.control(9999, 0)


def test_one_of_an_unknown_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libvpx, "ABIS", (1, 2))
    with pytest.raises(VpxError, match="ABI"):
        VpxEncoder(VpxSettings("vp9", 64, 64, 100_000))


def test_a_picture_is_encoded() -> None:
    encoder = VpxEncoder(VpxSettings("vp8", 320, 180, 300_000))
    pictures = moving()
    made = [
        encoder.encode(planes_of(next(pictures)), 3000, key=key) for key in (False, False, True)
    ]
    assert [one and one[1] for one in made] == [True, False, True]
    assert 0 <= encoder.quantizer <= 127
