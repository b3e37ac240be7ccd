"""What RTP payloads say about themselves."""
