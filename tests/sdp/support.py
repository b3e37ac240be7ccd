"""Small descriptions to vary, and where the recorded ones are."""

from pathlib import Path

from sdp import Description, MediaSection, parse

CORPUS = Path(__file__).parents[1] / "corpus"
BROWSER_FILES = sorted((CORPUS / "browser_sdp").glob("*.sdp"))
LEGACY_FILES = sorted((CORPUS / "legacy").glob("*.sdp"))

SESSION = ("v=0", "o=- 1 2 IN IP4 0.0.0.0", "s=-", "t=0 0")
AUDIO = ("m=audio 9 UDP/TLS/RTP/SAVPF 0", "c=IN IP4 0.0.0.0")
VIDEO = ("m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=rtpmap:96 VP8/90000")
DATA = ("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0")
SHA256 = ":".join(["AB"] * 32)
FINGERPRINT = f"a=fingerprint:sha-256 {SHA256}"


def text_of(*lines: str) -> str:
    """Join lines with CRLF, the last one ended as well."""
    return "".join(f"{line}\r\n" for line in lines)


def session_with(*lines: str) -> Description:
    """Parse a description with these lines after the mandatory ones."""
    return parse(text_of(*SESSION, *lines))


def audio_with(*lines: str) -> MediaSection:
    """Parse an audio section with these lines."""
    return session_with(*AUDIO, *lines).media[0]


def video_with(*lines: str) -> MediaSection:
    """Parse a video section of VP8 with these lines."""
    return session_with(*VIDEO, *lines).media[0]


def data_with(*lines: str) -> MediaSection:
    """Parse a data section with these lines."""
    return session_with(*DATA, *lines).media[0]
