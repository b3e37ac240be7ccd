"""The page the tests run in: blank, on http://localhost, with the helpers loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

HELPERS = Path(__file__).with_name("helpers.js")
BLANK = b"""<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>test page</title>
<script src="/helpers.js"></script>
"""


class Handler(BaseHTTPRequestHandler):
    """Serves the page and its helpers."""

    def do_GET(self) -> None:
        """Answer a request."""
        if self.path == "/":
            kind, body = "text/html", BLANK
        elif self.path == "/helpers.js":
            kind, body = "text/javascript; charset=utf-8", HELPERS.read_bytes()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


@contextmanager
def served_page() -> Iterator[str]:
    """Serve the page until the block ends; gives its address.

    It is served from a thread of its own, so that the tests' event loop has the tests' work only.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
