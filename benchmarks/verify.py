"""How long a data set takes to be proved, beside how long it took to be made: both on this machine, in one run.

    python -m benchmarks.verify [--clips 6] [--render standard]

Printed: verify ÷ generate, wall time of the whole command over that of the other, with one process each; below 1 is the aim, so that
nobody saves time by leaving the proof out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Make a data set, prove it, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=6)
    parser.add_argument("--render", default="standard")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set"
        made_s = seconds("generator", f"num_videos={arguments.clips}", f"render={arguments.render}", "workers=1", f"out={out}")
        proved_s = seconds("generator.verify", str(out), "--workers", "1")
    print(f"clips {arguments.clips}, render={arguments.render}: made in {made_s:.0f} s, proved in {proved_s:.0f} s, one process each")
    print(f"verify ÷ generate   {proved_s / made_s:.2f}   (below 1)")


def seconds(module: str, *arguments: str) -> float:
    """Wall time of a command. Raises CalledProcessError, with what it said, when it fails."""
    began_s = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        done.check_returncode()
    return time.perf_counter() - began_s


if __name__ == "__main__":
    main()
