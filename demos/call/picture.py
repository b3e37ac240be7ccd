"""The visitor's own picture in another light."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from av import VideoFrame
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.format import VideoFormat

from demos.call.glyphs import draw_text
from peer import MediaStreamTrack

Effect = Callable[[Graph, FilterContext], FilterContext]
"""Adds filters behind a node of a graph and returns the last of them."""


DIMMED = [("lutyuv", "y=16+(val-16)*0.4:u=128+(val-128)*1.25:v=128+(val-128)*1.25")]
EDGES = [("sobel", "planes=1:scale=1.6"), ("lutyuv", "y=clip(val-40,0,235)")]


def append(graph: Graph, node: FilterContext, *filters: tuple[str, str | None]) -> FilterContext:
    """Chain filters, each a name and its arguments, behind a node."""
    for name, arguments in filters:
        following = graph.add(name, arguments)
        node.link_to(following)
        node = following
    return node


def neon(graph: Graph, source: FilterContext) -> FilterContext:
    """Draw the edges in light over a darkened picture, the colours slowly turning."""
    split, blend = graph.add("split"), graph.add("blend", "c0_mode=screen")
    source.link_to(split)
    for number, branch in enumerate((DIMMED, EDGES)):
        first = graph.add(*branch[0])
        split.link_to(first, output_idx=number)
        append(graph, first, *branch[1:]).link_to(blend, input_idx=number)
    return append(graph, blend, ("hue", "H=2*PI*t/12"))


def sketch(graph: Graph, source: FilterContext) -> FilterContext:
    """Draw the edges with a pencil."""
    return append(graph, source, *EDGES, ("lutyuv", "y=235-val:u=128:v=128"))


def thermal(graph: Graph, source: FilterContext) -> FilterContext:
    """Show brightness as heat."""
    return append(graph, source, ("pseudocolor", "preset=plasma"), ("format", "yuv420p"))


def mirror(graph: Graph, source: FilterContext) -> FilterContext:
    """Swap left and right."""
    return append(graph, source, ("hflip", None))


EFFECTS: dict[str, Effect] = {
    "neon": neon,
    "sketch": sketch,
    "thermal": thermal,
    "mirror": mirror,
}


class Painter:
    """Applies one effect to pictures, whose size and format may change on the way."""

    def __init__(self, effect: str) -> None:
        self.effect = effect
        self.count = 0
        self._shape: tuple[str, int, int, str] | None = None
        self._graph = Graph()

    def paint(self, frame: VideoFrame) -> VideoFrame:
        """Give the picture in its new light, with the time of day and its number written in."""
        shape = (self.effect, frame.width, frame.height, frame.format.name)
        if shape != self._shape:
            self._shape, self._graph = shape, build_graph(EFFECTS[self.effect], frame)
        self._graph.vpush(frame)
        painted = self._graph.vpull()
        painted.pts, painted.time_base = frame.pts, frame.time_base
        self.count += 1
        now = datetime.now()
        text = f"{now:%H:%M:%S}.{now.microsecond // 100_000} {self.count:6}"
        draw_text(painted, text, inset=16, scale=max(1, frame.width // 200))
        return painted


def build_graph(effect: Effect, frame: VideoFrame) -> Graph:
    """Build the filters for pictures of this size and format."""
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=VideoFormat(frame.format.name),
        time_base=frame.time_base,
    )
    append(graph, effect(graph, source), ("buffersink", None))
    graph.configure()
    return graph


class PaintedTrack(MediaStreamTrack):
    """A camera's picture in another light."""

    kind = "video"

    def __init__(self, source: MediaStreamTrack) -> None:
        super().__init__()
        self.painter = Painter("neon")
        self._source = source

    async def recv(self) -> VideoFrame:
        """Paint the next picture, outside of the event loop."""
        frame = await self._source.recv()
        assert isinstance(frame, VideoFrame)
        return await asyncio.to_thread(self.painter.paint, frame)

    def stop(self) -> None:
        """Stop this track and its source."""
        super().stop()
        self._source.stop()
