"""Run a program that imports aiortc on this package: ``python -m peer program.py``, or ``-m``."""

import runpy
import sys
from pathlib import Path

from .stand_in import install_as_aiortc

USAGE = "usage: python -m peer [-m module | program.py] [argument ...]"


def main(arguments: list[str]) -> None:
    """Run the program or module that is named first, with the arguments that follow."""
    as_module, rest = arguments[:1] == ["-m"], arguments[arguments[:1] == ["-m"] :]
    if not rest:
        sys.exit(USAGE)
    install_as_aiortc()
    sys.argv = rest
    if as_module:
        sys.path[0] = str(Path.cwd())
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(rest[0]).resolve().parent)
        runpy.run_path(rest[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
