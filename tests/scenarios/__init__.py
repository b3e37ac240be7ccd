"""What ICE must do, shown by agents on a simulated internet in virtual time."""
