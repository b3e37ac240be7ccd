"""What a description says, however it is written (RFC 9429 §5.4 compares descriptions)."""

from sdp import Description, MediaSection, SdpError, parse, replace


def is_same(one: str, other: str) -> bool:
    """Tell whether two texts are the same description.

    Line endings, white space and the order of unlike attributes do not count, nor which candidates
    are shown by now. A text that does not parse is like itself alone.
    """
    if one == other:
        return True
    try:
        return _meaning(one) == _meaning(other)
    except SdpError:
        return False


def _meaning(text: str) -> Description:
    record = parse("\n".join(map(str.strip, text.split("\n"))))
    return replace(record, media=tuple(map(_without_candidates, record.media)))


def _without_candidates(media: MediaSection) -> MediaSection:
    """Leave the candidates out, and the default destination, which is one of them."""
    return replace(
        media,
        port=min(media.port, 1),
        connection=None,
        rtcp=replace(media.rtcp, address=None),
        ice=replace(media.ice, candidates=(), end_of_candidates=False),
    )
