"""The dumps of browsers that tests read."""

from pathlib import Path

VECTORS = Path(__file__).parent / "vectors"
CALL = (VECTORS / "chromium156_call_rtcstats.gz").read_bytes()
FAILED = (VECTORS / "chromium156_failed_rtcstats.gz").read_bytes()
CALL_INTERNALS = (VECTORS / "chromium156_call_internals.gz").read_bytes()
FAILED_INTERNALS = (VECTORS / "chromium156_failed_internals.gz").read_bytes()
EXAMPLE = (VECTORS / "example.jsonl").read_bytes()
