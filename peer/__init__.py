"""WebRTC peer connections for Python."""
