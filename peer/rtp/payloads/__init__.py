"""What RTP payloads say about themselves: durations, boundaries, key frames, references."""
