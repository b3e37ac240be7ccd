"""What a decoder can take after a loss."""

from peer.rtp.payloads.piece import Layers
from peer.rtp.references import References


def after_key(layers: Layers | None = None) -> References:
    references = References()
    references.decoded(layers, is_key=True, is_next=True)
    return references


def test_without_more_knowledge_everything_is_needed() -> None:
    references = References()
    assert not references.can_decode(None, is_key=False, is_next=True)
    assert references.can_decode(None, is_key=True, is_next=False)
    references = after_key()
    assert references.can_decode(None, is_key=False, is_next=True)
    assert not references.can_decode(None, is_key=False, is_next=False)
    references.lost()
    assert not references.can_decode(None, is_key=False, is_next=True)


def test_picture_ids_wrap() -> None:
    for bits, last in ((7, 127), (15, 32767)):
        references = after_key(Layers(last, bits))
        assert references.can_decode(Layers(0, bits), is_key=False, is_next=False)
        assert not references.can_decode(Layers(1, bits), is_key=False, is_next=False)


def test_the_lowest_layer_is_counted() -> None:
    references = after_key(Layers(0, 15, 255, 0))
    assert references.can_decode(Layers(4, 15, 0, 0), is_key=False, is_next=False)
    assert not references.can_decode(Layers(4, 15, 1, 0), is_key=False, is_next=False)


def test_higher_layers_need_all_since_the_lowest_or_only_that() -> None:
    references = after_key(Layers(0, 15, 7, 0))
    assert references.can_decode(Layers(1, 15, 7, 2), is_key=False, is_next=False)
    assert not references.can_decode(Layers(2, 15, 7, 1), is_key=False, is_next=False)
    sync = Layers(2, 15, 7, 1, sync=True)
    assert references.can_decode(sync, is_key=False, is_next=False)
    references.decoded(sync, is_key=False, is_next=False)
    assert not references.can_decode(Layers(3, 15, 7, 2), is_key=False, is_next=True)
    assert not references.can_decode(Layers(3, 15, 8, 2, sync=True), is_key=False, is_next=True)
    references.decoded(Layers(4, 15, 8, 0), is_key=False, is_next=False)
    assert references.can_decode(Layers(5, 15, 8, 2), is_key=False, is_next=True)


def test_named_references() -> None:
    references = after_key(Layers(10, 15, references=()))
    assert references.can_decode(Layers(12, 15, references=(2,)), is_key=False, is_next=False)
    assert not references.can_decode(Layers(12, 15, references=(1, 2)), is_key=False, is_next=True)
    for picture in range(11, 300):
        references.decoded(Layers(picture, 15, references=(1,)), is_key=False, is_next=True)
    assert not references.can_decode(Layers(300, 15, references=(200,)), is_key=False, is_next=True)


def test_a_reset_leaves_nothing_but_key_frames() -> None:
    for layers, following in (
        (None, None),
        (Layers(0, 15, 7, 0), Layers(1, 15, 8, 0)),
        (Layers(0, 15, references=()), Layers(1, 15, references=(1,))),
    ):
        references = after_key(layers)
        assert references.can_decode(following, is_key=False, is_next=True)
        references.reset()
        assert not references.can_decode(following, is_key=False, is_next=True)
        assert references.can_decode(layers, is_key=True, is_next=True)
