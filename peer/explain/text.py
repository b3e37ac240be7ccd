"""Numbers as people say them."""


def seconds(time: float) -> str:
    """Give a time or a duration: "0.250 s", "12.5 s"."""
    return f"{time:.3f} s" if abs(time) < 10 else f"{time:.1f} s"


def percent(part: float) -> str:
    """Give a part of one: "2.5 %", "40 %"."""
    return f"{part * 100:.1f} %" if part < 0.1 else f"{part * 100:.0f} %"


def milliseconds(time: float) -> str:
    """Give seconds as milliseconds."""
    return f"{time * 1000:.0f} ms"


def bits(rate: float) -> str:
    """Give a rate in kbit/s or Mbit/s."""
    return f"{rate / 1e6:.1f} Mbit/s" if rate >= 1e6 else f"{rate / 1e3:.0f} kbit/s"


def counted(count: float, what: str) -> str:
    """Give a number of things: "1 candidate", "2 candidates"."""
    return f"{count:.0f} {what}" if count == 1 else f"{count:.0f} {what}s"
