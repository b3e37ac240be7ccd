"""A bot that joins a room: whoever comes sees a film, or hears it, and is heard by nobody.

python -m demos.room_bot film.mp4 [ws://localhost:8080/ [lobby]]
"""

import asyncio
import sys

from peer import MediaPlayer, MediaRelay
from peer.signaling import Member, Room


async def main(path: str, url: str = "ws://localhost:8080/", name: str = "lobby") -> None:
    """Stay until the server is gone, or until interrupted."""
    player, relay = MediaPlayer(path, loop=True), MediaRelay()

    async def welcome(member: Member) -> None:
        print(f"{member.name!r} is here", flush=True)
        for track in (player.audio, player.video):
            if track is not None:
                member.pc.addTrack(relay.subscribe(track))

    async with Room(url, name, welcome, name="a film") as room:
        await room.stay()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
