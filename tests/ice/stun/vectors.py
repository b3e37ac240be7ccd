"""The published STUN messages of RFC 5769 and RFC 8489 appendix B, read from their files."""

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "vectors" / "stun"

SHORT_TERM_PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
LONG_TERM_USERNAME = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9"
LONG_TERM_PASSWORD = "TheMatrIX"


def read_vector(name: str) -> bytes:
    """The bytes of one vector: hexadecimal text, '#' lines are comments."""
    lines = (FOLDER / f"{name}.hex").read_text().splitlines()
    return bytes.fromhex(" ".join(line for line in lines if not line.startswith("#")))


REQUEST = read_vector("rfc5769-2.1-request")
RESPONSE_IPV4 = read_vector("rfc5769-2.2-response-ipv4")
RESPONSE_IPV6 = read_vector("rfc5769-2.3-response-ipv6")
REQUEST_LONG_TERM = read_vector("rfc5769-2.4-request-long-term")
REQUEST_SHA256 = read_vector("rfc8489-b1-request-sha256-userhash")
ALL = (REQUEST, RESPONSE_IPV4, RESPONSE_IPV6, REQUEST_LONG_TERM, REQUEST_SHA256)
