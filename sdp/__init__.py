"""SDP text to typed values and back (RFC 8866 and the WebRTC attributes)."""
