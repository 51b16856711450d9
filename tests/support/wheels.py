"""Says for which machines a package of the lock has no wheel, so that installing there would need a compiler.

    python tests/support/wheels.py          (asks the package registry: `make wheels`)

uv resolves the lock for a machine that is not this one, as `pip download --platform` would, without downloading.
"""

import subprocess
import sys
from itertools import product
from pathlib import Path

LOCK = Path(__file__).parents[2] / "requirements" / "runtime.txt"
MACHINES = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "aarch64-apple-darwin",
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def main() -> int:
    missing = [
        (machine, python, answered_with)
        for machine, python in product(MACHINES, PYTHONS)
        if (answered_with := _ask(machine, python))
    ]
    for machine, python, answered_with in missing:
        print(f"{machine}, Python {python}: {answered_with}", file=sys.stderr)
    print(f"{len(MACHINES) * len(PYTHONS) - len(missing)} of {len(MACHINES) * len(PYTHONS)} install without a compiler")
    return 1 if missing else 0


def _ask(machine: str, python: str) -> str:
    """What uv says of a machine on which the lock cannot be installed from wheels alone."""
    uv = Path(sys.executable).with_name("uv")
    options = [
        "--quiet",
        "--no-header",
        "--only-binary",
        ":all:",
        "--python-platform",
        machine,
        "--python-version",
        python,
    ]
    ended = subprocess.run([uv, "pip", "compile", *options, LOCK], capture_output=True, text=True)
    return ended.stderr.strip() if ended.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
