"""``python -m generator.doctor key=value …``: is this machine fit for what these keys of the generator ask for, and how long will it take?

The door alone: `generator.diagnosis` does it, which needs packages that may be missing. ``--help`` says more.
"""

from __future__ import annotations

import logging
import sys
from typing import NoReturn

INCOMPLETE = 1


def main() -> NoReturn:
    """Entry point: exit code 0 if what is asked for can run here, 1 if not, 2 for bad input."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        from generator.diagnosis import run
    except ModuleNotFoundError as error:
        remedy = "In the folder of MotionFoundry, run: pip install ."
        print(f"generator.doctor: This cannot run here yet: the package {error.name!r} is missing. {remedy}", file=sys.stderr)
        sys.exit(INCOMPLETE)
    run()


if __name__ == "__main__":
    main()
