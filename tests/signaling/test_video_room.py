"""What a room tells of those who publish."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from peer.signaling import JanusSession, Publisher, VideoRoom

from .test_janus import janus, plugin, say

ADA = {
    "id": 7,
    "display": "Ada",
    "streams": [{"mid": "0", "type": "audio"}, {"mid": "1", "type": "video"}, {"type": "odd"}, 3],
}


def test_a_room_tells_who_comes_and_who_goes() -> None:
    async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
        told = plugin(videoroom="joined", publishers=[ADA, "odd"])
        await say(socket, message, "event", plugindata=told)
        for news in (
            {"publishers": [{"id": "b", "streams": "odd"}]},
            {"publishers": "odd", "unpublished": 99},
            {"unpublished": {"id": 7}, "leaving": [7]},
            {"unpublished": 7},
            {"leaving": 7},
            {"leaving": "b"},
        ):
            event = {
                "janus": "event",
                "sender": message["handle_id"],
                "plugindata": plugin(**news),
            }
            await socket.send(json.dumps(event))

    async def meet() -> None:
        async with janus(answer) as (url, asked), JanusSession(url) as session:
            room = VideoRoom(session, 1234, pin="p1n")
            ada = Publisher(7, "Ada", {"0": "audio", "1": "video"})
            assert await room.join("Bob") == [ada]
            assert asked[-1]["body"] == {
                "request": "join",
                "ptype": "publisher",
                "room": 1234,
                "pin": "p1n",
                "display": "Bob",
            }
            changes = room.changes()
            assert await anext(changes) == Publisher("b", None, {})
            assert set(room.publishers) == {7, "b"}
            assert await anext(changes) == 7
            assert await anext(changes) == "b"
            assert room.publishers == {}
            with pytest.raises(ValueError, match="already"):
                await room.join()
            await room.leave()
            with pytest.raises(ValueError, match="not in the room"):
                await room.unpublish()
            assert [change async for change in changes] == []

    asyncio.run(meet())
