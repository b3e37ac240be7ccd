"""Records what everybody in a room says, a file each, and when it was said.

python -m demos.record_speakers ws://localhost:8080/ lobby recordings

Each speaker has a file of sound, beside those of earlier recordings. `times.jsonl` says once a
second which moment of it was captured when, by this machine's clock: what was said at the same time
is found in all files.
"""

import asyncio
import itertools
import json
import sys
from pathlib import Path
from typing import Any

from peer import MediaRecorder, MediaStreamTrack, frame_times
from peer.signaling import Member, Room


class Noted(MediaStreamTrack):
    """A track that writes down when its frames were captured."""

    def __init__(self, track: MediaStreamTrack, path: Path, **about: Any) -> None:
        super().__init__()
        self.kind = track.kind
        self._track, self._path, self._about = track, path, about
        self._position = self._due = 0.0

    async def recv(self) -> Any:
        """Return the next frame."""
        frame: Any = await self._track.recv()
        times = frame_times(frame)
        captured = None if times is None else times.captureTime
        if captured is not None and self._position >= self._due:
            self._due = self._position + 1.0
            moment = {"position": round(self._position, 3), "captured": captured.isoformat()}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(self._about | moment) + "\n")
        self._position += frame.samples / frame.sample_rate
        return frame


async def main(url: str, room: str, folder: Path) -> None:
    """Record until the server is gone, or until interrupted."""
    recorders: dict[MediaStreamTrack, MediaRecorder] = {}
    numbers = itertools.count(1)

    def welcome(member: Member) -> None:
        @member.pc.on("track")
        async def record(track: MediaStreamTrack) -> None:
            if track.kind != "audio":
                return
            # Names are theirs to choose: they are no names of files, and nothing for a terminal.
            paths = (folder / f"{number}.wav" for number in numbers)
            path = next(path for path in paths if not path.exists())
            recorder = recorders[track] = MediaRecorder(str(path))
            about = {"file": path.name, "name": member.name}
            recorder.addTrack(Noted(track, folder / "times.jsonl", **about))
            await recorder.start()
            print(f"{member.name!r} into {path}", flush=True)
            await member.left.wait()
            await recorder.stop()
            del recorders[track]

    try:
        async with Room(url, room, welcome, name="recorder") as place:
            await place.stay()
    finally:
        for recorder in list(recorders.values()):
            await recorder.stop()


if __name__ == "__main__":
    into = Path(sys.argv[3])
    into.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(sys.argv[1], sys.argv[2], into))
