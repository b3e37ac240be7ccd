"""The W3C API."""
