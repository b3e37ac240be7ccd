"""DTLS, SRTP, RTP and SCTP of aiortc on top of this project's ICE."""
