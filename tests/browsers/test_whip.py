"""A page publishes to our endpoint and plays from it, by the WHIP and WHEP clients of others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from peer import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from peer.signaling import HttpEndpoint
from tests.interop.build import NODE_MODULES
from tests.interop.peer import missing
from tests.signaling.support import serving

from .browser import Page
from .call import BOUND
from .media import RED, Camera, watch
from .stage import Stage

CLIENTS = NODE_MODULES / "whip-whep"
ALONE = RTCConfiguration(iceServers=[])
PUBLISH = """
const [url, color] = args;
const {WHIPClient} = await import(`${url}/clients/whip.js`);
const connection = new RTCPeerConnection();
connection.addTransceiver(rtc.camera(`rgb(${color})`), {direction: "sendonly"});
const client = new WHIPClient();
await client.publish(connection, `${url}/whip`, "let me in");
await rtc.until(() => connection.connectionState === "connected", "the connection");
window.client = client;
"""
PLAY = """
const [url] = args;
const {WHEPClient} = await import(`${url}/clients/whep.js`);
const connection = new RTCPeerConnection();
const {receiver} = connection.addTransceiver("video", {direction: "recvonly"});
const client = new WHEPClient();
await client.view(connection, `${url}/whep`, "let me in");
const color = await rtc.color(receiver.track);
await client.stop();
return color;
"""


@asynccontextmanager
async def open_endpoint(endpoint: HttpEndpoint, path: str) -> AsyncIterator[str]:
    """Serve an endpoint, and the clients for pages of other origins; gives the URL."""
    if not CLIENTS.is_dir():
        missing("whip-whep", "npm: whip-whep")

    async def client(request: web.Request) -> web.Response:
        text = await asyncio.to_thread(Path(CLIENTS, request.match_info["name"]).read_text, "utf-8")
        headers = {"Access-Control-Allow-Origin": "*"}
        return web.Response(text=text, content_type="text/javascript", headers=headers)

    app = web.Application()
    app.router.add_get("/clients/{name:whip.js|whep.js}", client)
    endpoint.add_to(app, path)
    async with serving(app) as url:
        yield url


def test_a_page_publishes(stage: Stage, page: Page) -> None:
    async def scenario() -> None:
        tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()

        def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
            pc.on("track", tracks.put_nowait)

        endpoint = HttpEndpoint(welcome, token="let me in", configuration=ALONE, origins=["*"])
        async with open_endpoint(endpoint, "/whip") as url, asyncio.timeout(BOUND):
            await page.run(PUBLISH, url, list(RED))
            assert (await watch(await tracks.get())).near(RED)
            await page.run("await window.client.stop()")
            assert endpoint.connections == []

    stage.run(scenario())


def test_a_page_plays(stage: Stage, page: Page) -> None:
    async def scenario() -> None:
        def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
            pc.addTrack(Camera(RED))

        endpoint = HttpEndpoint(welcome, token="let me in", configuration=ALONE, origins=["*"])
        async with open_endpoint(endpoint, "/whep") as url, asyncio.timeout(BOUND):
            color = await page.run(PLAY, url)
            assert RED.near(type(RED)(*color))
            assert endpoint.connections == []

    stage.run(scenario())
