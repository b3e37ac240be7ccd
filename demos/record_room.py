"""Records everybody in a room of Janus, each into a file of their own.

python -m demos.record_room ws://localhost:8188/ 1234 recordings
"""

import asyncio
import itertools
import sys
from pathlib import Path

from peer import MediaRecorder, RTCPeerConnection
from peer.signaling import JanusHandle, JanusSession, Publisher, SignalingError, VideoRoom


class Recording:
    """What one of them publishes, until they go."""

    def __init__(self, path: Path) -> None:
        self.pc, self.recorder, self.path = RTCPeerConnection(), MediaRecorder(path), path
        self.handle: JanusHandle | None = None
        self.pc.on("track", self.recorder.addTrack)

    async def start(self, room: VideoRoom, publisher: Publisher) -> None:
        """Begin, unless they have gone again."""
        name = publisher.display or publisher.id
        try:
            self.handle = await room.subscribe(self.pc, [publisher.id])
        except SignalingError as error:
            print(f"{name!r} is not recorded: {error}", flush=True)
            return
        await self.recorder.start()
        print(f"{name!r} into {self.path}", flush=True)

    async def stop(self) -> None:
        """Have the file whole."""
        await self.recorder.stop()
        await self.pc.close()
        if self.handle is not None:
            await self.handle.detach()


async def main(url: str, number: int, folder: Path) -> None:
    """Record until interrupted."""
    recordings: dict[int | str, Recording] = {}
    names = (folder / f"{count}.mp4" for count in itertools.count(1))
    async with JanusSession(url) as janus:
        room = VideoRoom(janus, number)
        present = await room.join("recorder")
        try:
            for publisher in present:
                recordings[publisher.id] = Recording(next(names))
                await recordings[publisher.id].start(room, publisher)
            async for change in room.changes():
                if isinstance(change, Publisher) and change.id not in recordings:
                    recordings[change.id] = Recording(next(names))
                    await recordings[change.id].start(room, change)
                elif change in recordings:
                    await recordings.pop(change).stop()
        finally:
            for recording in recordings.values():
                await recording.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
