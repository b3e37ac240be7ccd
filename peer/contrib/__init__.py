"""The helpers that aiortc keeps under this name: media files and devices, simple signaling."""
