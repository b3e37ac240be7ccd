"""The TURN client as a pure state machine (RFC 8656)."""
