"""Pictures turned the way they are to be looked at.

Cameras of telephones give pictures as their sensor lies, and say how far they are to be turned.
"""

from fractions import Fraction

from av import VideoFormat, VideoFrame
from av.filter import Graph

_FILTERS = {90: ("transpose", "cclock"), -90: ("transpose", "clock"), 180: ("rotate", "PI")}
"""By how far a picture is to be turned counter-clockwise, in degrees."""
_TIME_BASE = Fraction(1, 90_000)


def rotation(picture: VideoFrame) -> int:
    """Return the degrees, clockwise, after which a picture is upright: 0, 90, 180 or 270."""
    return round(-picture.rotation / 90) % 4 * 90


class Upright:
    """Turns pixels; for pictures of one track."""

    def __init__(self) -> None:
        self._made_for: tuple[int, int, str, int] | None = None
        self._graph = Graph()

    def turn(self, picture: VideoFrame, degrees: float) -> VideoFrame:
        """Return a picture turned counter-clockwise, by the nearest right angles, or as it is."""
        quarters = round(degrees / 90) % 4
        if not quarters:
            return picture
        turned = {1: 90, 2: 180, 3: -90}[quarters]
        shape = (picture.width, picture.height, picture.format.name, turned)
        if shape != self._made_for:
            self._graph, self._made_for = self._make(*shape), shape
        pts, time_base = picture.pts, picture.time_base
        self._graph.push(picture)
        made = self._graph.pull()
        assert isinstance(made, VideoFrame)
        made.pts, made.time_base = pts, time_base
        return made

    def _make(self, width: int, height: int, form: str, turned: int) -> Graph:
        graph = Graph()
        source = graph.add_buffer(
            width=width,
            height=height,
            format=VideoFormat(form, width, height),
            time_base=_TIME_BASE,
        )
        name, argument = _FILTERS[turned]
        graph.link_nodes(source, graph.add(name, argument), graph.add("buffersink")).configure()
        return graph
