"""What an address tells by itself, also one that was blurred for others to read."""

import ipaddress


def family(address: str) -> str:
    """Give "IPv4" or "IPv6", and "" for a name."""
    if is_hidden(address):
        return ""
    return "IPv6" if ":" in address else "IPv4"


def is_hidden(address: str) -> bool:
    """Tell whether an address is a name."""
    return ":" not in address and not address.replace("x", "0").replace(".", "").isdigit()


def is_private(address: str) -> bool:
    """Tell whether an address means something in its own network alone; False if not known."""
    try:
        return ipaddress.ip_address(address.replace("x", "1")).is_private
    except ValueError:
        return False


def endpoint(address: object, port: object) -> str:
    """Give an address with its port, as URLs have them."""
    return f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"
