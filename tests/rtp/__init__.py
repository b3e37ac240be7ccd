"""RTP and RTCP without clock, sockets or codecs."""
