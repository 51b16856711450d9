"""A token appears in no argument, file, log or report (test-catalogue B-20)."""

import threading
import time
from pathlib import Path

import pytest

from support.team import Team

PROCESSES = Path("/proc")


class ArgumentWatch(threading.Thread):
    """Reads the arguments of every process, as any user of the machine may, and notes those that hold a text."""

    def __init__(self, text: str) -> None:
        super().__init__(daemon=True)
        self.text = text.encode()
        self.seen: set[bytes] = set()
        self.looks = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            for arguments in PROCESSES.glob("[0-9]*/cmdline"):
                self._look(arguments)
            self.looks += 1
            time.sleep(0.001)

    def _look(self, arguments: Path) -> None:
        try:
            content = arguments.read_bytes()
        except OSError:
            return
        if self.text in content:
            self.seen.add(content)


@pytest.mark.skipif(not PROCESSES.is_dir(), reason="needs /proc")
def test_a_backup_shows_its_token_nowhere(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    watch = ArgumentWatch(team.token)
    watch.start()
    ended = team.person.matou(
        "backup", "coding", "--url", team.api, "--to", archive, "--json", MATOU_CODING_TOKEN=team.token
    )
    watch.ended.set()
    watch.join()

    assert watch.looks > 3
    assert watch.seen == set()
    assert team.token not in ended.out + ended.err
    written = [path for path in archive.rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if team.token.encode() in path.read_bytes()] == []


def test_the_server_keeps_only_the_hash_of_a_token(team: Team) -> None:
    files = [path for path in team.root.rglob("*") if path.is_file()]
    assert [path for path in files if team.token.encode() in path.read_bytes()] == []
