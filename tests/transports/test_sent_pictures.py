"""What is told of the pictures of a stream that is sent."""

from av import VideoFrame

from peer.rtp import TemporalLayer
from peer.transports.outbound import EncodedFrame
from peer.transports.sent_pictures import SentPictures


def picture(width: int = 64, height: int = 48) -> VideoFrame:
    return VideoFrame(width, height, "yuv420p")


def test_each_moment_counts_for_the_reason_that_there_was() -> None:
    pictures = SentPictures()
    assert dict(pictures.figures(1.0).limited) == {
        "none": 0.0,
        "bandwidth": 0.0,
        "cpu": 0.0,
        "other": 0.0,
    }
    pictures.note_limit(2.0, held_back=False)
    pictures.note_limit(2.5, held_back=True)
    pictures.note_limit(3.5, held_back=True)
    pictures.note_limit(5.5, held_back=False)
    figures = pictures.figures(6.5)
    told = dict(figures.limited)
    assert (told["none"], told["bandwidth"]) == (2.5, 3.0)
    assert sum(told.values()) == 5.5
    assert figures.limited_by == "none"


def test_a_size_that_changes_with_that_of_the_track_is_no_change_of_quality() -> None:
    pictures, frame = SentPictures(), EncodedFrame(b"x", 0)
    for source, made in [
        (picture(), picture()),
        (picture(), picture(32, 24)),
        (picture(), picture(32, 24)),
        (picture(32, 24), picture(16, 12)),
        (picture(32, 24), picture(32, 24)),
    ]:
        pictures.add(frame, source, made, 1.0)
    assert pictures.figures(1.0).resolution_changes == 2
    pictures.begin_anew()
    pictures.add(frame, picture(32, 24), picture(16, 12), 1.0)
    assert pictures.figures(1.0).resolution_changes == 2


def test_frames_of_many_times_the_bytes_that_were_aimed_at_are_huge() -> None:
    pictures = SentPictures()
    for size in (100, 250, 251, 1000):
        pictures.add(EncodedFrame(bytes(size), 0, target=100.1), picture(), picture(), 1.0)
    pictures.add(EncodedFrame(bytes(9), 0, is_key=True, quantizer=3), picture(), picture(), 1.0)
    figures = pictures.figures(1.0)
    assert (figures.huge, figures.targeted, figures.layers) == (2, 400, 1)
    layer = TemporalLayer(2, is_sync=True, is_reference=False)
    pictures.add(EncodedFrame(b"x", 0, target=10, layer=layer), picture(), picture(), 1.0)
    assert pictures.figures(1.0).layers == 3
    counts = pictures.counts(1.0)
    assert (counts.frames, counts.keyframes, counts.quantizers) == (6, 1, 3)
