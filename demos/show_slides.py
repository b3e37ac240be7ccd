"""Shows pictures as slides to everybody in a room; the Enter key goes on.

python -m demos.show_slides ws://localhost:8080/ lobby 1.png 2.png ...

With `screen` in place of pictures it shows this machine's screen (X11).
"""

import asyncio
import sys

import av

from peer import MediaPlayer, MediaRelay, MediaStreamTrack
from peer.signaling import Member, Room

WIDTH, HEIGHT = 1280, 720
INTERVAL = 0.2
"""Seconds between pictures: slides stand still, and those who come have to see one."""


class Slides(MediaStreamTrack):
    """A picture until the next one; they have no time, and are sent with the time that passes."""

    kind = "video"

    def __init__(self, paths: list[str]) -> None:
        super().__init__()
        self._pictures = [load(path) for path in paths]
        self._number = 0

    def go_on(self) -> None:
        """Show the next one, after the last the first."""
        self._number = (self._number + 1) % len(self._pictures)

    def read_line(self) -> None:
        """Somebody has pressed Enter, or will never again."""
        if sys.stdin.readline():
            self.go_on()
        else:
            asyncio.get_running_loop().remove_reader(sys.stdin)

    async def recv(self) -> av.VideoFrame:
        """Return the picture that is shown."""
        await asyncio.sleep(INTERVAL)
        return self._pictures[self._number]


def load(path: str) -> av.VideoFrame:
    """Read a picture, as large as all of them."""
    with av.open(path) as file:
        picture = next(file.decode(video=0))
    return picture.reformat(WIDTH, HEIGHT, "yuv420p", dst_color_range="MPEG")


async def main(url: str, room: str, *paths: str) -> None:
    """Show until the server is gone, or until interrupted."""
    track: MediaStreamTrack
    if paths == ("screen",):
        screen = MediaPlayer(":0.0", format="x11grab", options={"framerate": "15"}).video
        assert screen is not None
        track = screen
    else:
        track = slides = Slides(list(paths))
        asyncio.get_running_loop().add_reader(sys.stdin, slides.read_line)
    relay = MediaRelay()

    def welcome(member: Member) -> None:
        member.pc.addTrack(relay.subscribe(track))
        print(f"{member.name!r} looks on", flush=True)

    async with Room(url, room, welcome, name="slides") as place:
        await place.stay()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
