"""Speed, side by side with aioice and aiortc."""
