"""Chromium as a peer of the network lab: a page that does what the lab's lines say."""

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.browsers.chromium import Chromium, ChromiumPage
from tools.natlab import Host, LabPeer, Place
from tools.natlab.peers import Line

PAGE = """
window.lab = {lines: [], wake: () => {}};
const tell = line => { lab.lines.push(line); lab.wake(); };
lab.take = async line => {
  const pc = lab.pc;
  const describe = async () => {
    await pc.setLocalDescription();
    tell({description: pc.localDescription.toJSON()});
  };
  if (line.offer) {
    lab.serve(pc.createDataChannel("natlab", {ordered: false, maxRetransmits: 0}));
    await describe();
  } else if (line.description) {
    await pc.setRemoteDescription(line.description);
    if (line.description.type === "offer") await describe();
  } else if ("candidate" in line) {
    await pc.addIceCandidate(line.candidate ?? undefined);
  } else if (line.path) {
    tell({path: lab.path(await pc.getStats())});
  }
};
lab.serve = channel => {
  let number = 0;
  channel.onmessage = ({data}) => tell({heard: Number(data)});
  setInterval(() => { if (channel.readyState === "open") channel.send(String(number++)); }, 20);
};
lab.path = report => {
  for (const {type, selectedCandidatePairId} of report.values()) {
    const pair = type === "transport" && report.get(selectedCandidatePairId);
    if (!pair) continue;
    const ends = [pair.localCandidateId, pair.remoteCandidateId];
    return ends.map(id => report.get(id).candidateType);
  }
  return null;
};
lab.said = async () => {
  if (!lab.lines.length) {
    await new Promise(resolve => { lab.wake = resolve; setTimeout(resolve, 1000); });
  }
  return lab.lines.splice(0);
};
lab.pc = new RTCPeerConnection(args[0]);
lab.pc.onicecandidate = ({candidate}) => tell({candidate: candidate && candidate.toJSON()});
lab.pc.ondatachannel = ({channel}) => lab.serve(channel);
lab.pc.onconnectionstatechange = () => tell({state: lab.pc.connectionState});
"""


class ChromiumPeer(LabPeer):
    """A Chromium of its own in the namespace of its host."""

    def __init__(self) -> None:
        super().__init__("chromium")
        self._browser: Chromium | None = None
        self._page: ChromiumPage | None = None
        self._orders: asyncio.Queue[Line] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, place: Place, host: Host, hear: Callable[[Line], None]) -> None:
        """Start it, with a page that is ready for the offer."""
        namespace = host.namespace

        def reach(url: str) -> socket.socket:
            where = urlsplit(url)
            return namespace.enter(
                lambda: socket.create_connection((where.hostname or "", where.port or 0))
            )

        self._browser = await Chromium.launch(within=namespace.command, reach=reach)
        self._page = await self._browser.open("about:blank")
        await self._page.run(PAGE, place.configuration)
        self._tasks = [
            asyncio.create_task(self._listen(self._page, hear)),
            asyncio.create_task(self._speak(self._page, hear)),
        ]

    def tell(self, line: Line) -> None:
        """Hand a line to the page, after those before."""
        self._orders.put_nowait(line)

    async def close(self) -> None:
        """End the browser."""
        browser, self._browser = self._browser, None
        if browser is None:
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await browser.close()

    async def _listen(self, page: ChromiumPage, hear: Callable[[Line], None]) -> None:
        while True:
            for line in await page.run("return await lab.said()"):
                hear(line)

    async def _speak(self, page: ChromiumPage, hear: Callable[[Line], None]) -> None:
        while True:
            line: dict[str, Any] = await self._orders.get()
            try:
                await page.run("await lab.take(args[0])", json.loads(json.dumps(line)))
            except Exception as error:
                hear({"error": str(error)})
