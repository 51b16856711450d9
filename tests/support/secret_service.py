"""A real Secret Service: gnome-keyring on a session bus of its own, without a screen."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")
MISSING = [program for program in PROGRAMS if shutil.which(program) is None]

needs_secret_service = pytest.mark.skipif(bool(MISSING), reason=f"{' and '.join(MISSING)} not installed")

# A pipe ends at the daemon, so that the shell is waited for by another way: descriptor 3, which we close.
_SCRIPT = """exec 3<&0
printf %s "$KEYRING_PASSWORD" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
echo "$DBUS_SESSION_BUS_ADDRESS"
cat <&3 >/dev/null"""


@contextmanager
def secret_service(folder: Path) -> Iterator[str]:
    """Start one that is unlocked and keeps its files in a folder; yields the bus' address, ends it all afterwards."""
    home = folder / "home-of-keyring"
    home.mkdir(parents=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "KEYRING_PASSWORD": "open",
    }
    with subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", _SCRIPT],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(10)
