"""A real Secret Service: gnome-keyring on a session bus of its own, without a screen."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from jeepney.io.blocking import open_dbus_connection
from secretstorage import check_service_availability
from secretstorage.exceptions import SecretStorageException

PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")
MISSING = [program for program in PROGRAMS if shutil.which(program) is None]

needs_secret_service = pytest.mark.skipif(bool(MISSING), reason=f"{' and '.join(MISSING)} not installed")

# A pipe ends at the daemon, so that the shell is waited for by another way: descriptor 3, which we close.
_SCRIPT = """exec 3<&0
printf %s "$KEYRING_PASSWORD" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
echo "$DBUS_SESSION_BUS_ADDRESS"
cat <&3 >/dev/null"""


class SecretService:
    """One session bus with an unlocked gnome-keyring.

    Attributes:
        address: where the bus listens.
    """

    def __init__(self, process: "subprocess.Popen[str]", address: str) -> None:
        self.process = process
        self.address = address

    def trouble(self) -> str | None:
        """What is wrong with it, for people; None if it answers."""
        if (code := self.process.poll()) is not None:
            return f"its session ended with {code}"
        try:
            with closing(open_dbus_connection(self.address)) as connection:
                return None if check_service_availability(connection) else "gnome-keyring has left the bus"
        except (OSError, SecretStorageException) as error:
            return f"its bus does not answer: {error!r}"


class KeptSecretService:
    """A Secret Service for a whole session of tests: where one has ended another follows, and a warning says why."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ExitStack()
        self.service: SecretService | None = None

    def address(self) -> str:
        if self.service is not None and (trouble := self.service.trouble()):
            warnings.warn(f"the Secret Service of the tests was lost: {trouble}", stacklevel=2)
            self.close()
        if self.service is None:
            self.service = self._running.enter_context(secret_service(Path(tempfile.mkdtemp(dir=self._folder))))
        return self.service.address

    def close(self) -> None:
        self.service = None
        self._running.close()


@contextmanager
def secret_service(folder: Path) -> Iterator[SecretService]:
    """Start one that is unlocked and keeps its files in a folder; it is ended afterwards."""
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
        start_new_session=True,  # what is sent to the group of the tests does not end it
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield SecretService(process, process.stdout.readline().strip())
        finally:
            process.stdin.close()
            process.wait(10)
