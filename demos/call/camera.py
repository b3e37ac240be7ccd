"""A film for a browser without a camera: Conway's game of life."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.filter import Graph

WIDTH, HEIGHT, RATE = 640, 480, 30
PICTURES = 120
COLORS = "life_color=#f3c98b:death_color=#1d4e5f:mold_color=#123038"
FILTERS = (
    ("life", f"s=40x30:rate=8:ratio=0.28:mold=10:seed=5:{COLORS}"),
    ("scale", f"{WIDTH}:{HEIGHT}:flags=bicubic"),
    ("fps", str(RATE)),
    ("format", "yuvj420p"),
    ("buffersink", None),
)


def shoot(path: Path) -> None:
    """Write the film as motion JPEG, which Chromium takes in place of a camera."""
    graph = Graph()
    nodes = [graph.add(name, arguments) for name, arguments in FILTERS]
    for node, following in pairwise(nodes):
        node.link_to(following)
    graph.configure()
    with av.open(str(path), "w", format="mjpeg") as film:
        stream = film.add_stream("mjpeg", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for number in range(PICTURES):
            picture = graph.pull()
            assert isinstance(picture, av.VideoFrame)
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            film.mux(stream.encode(picture))
        film.mux(stream.encode())
