"""ICE (RFC 8445) as a pure state machine: no clock, no sockets, no randomness."""
