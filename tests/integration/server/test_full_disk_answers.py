"""On a disk without room, the log's too, each question has the answer that it deserves."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import urllib3

from matou.forge.login_throttle import FREE_FAILURES
from matou.fs import free_bytes
from support.git_repositories import git, make_repository
from support.matou_server import PASSWORD, MatouServer, running_server
from support.private_mounts import mount_memory, private_mounts, resize_memory

NO_ROOM = "this server has no room left; nothing was changed"


class Full:
    """A server whose disk, on which its log is too, was filled by others."""

    def __init__(self, server: MatouServer, disk: Path, repository: str) -> None:
        self.server = server
        self.disk = disk
        self.repository = repository
        self._token = server.token().reveal()

    def fill(self) -> None:
        with suppress(OSError), (self.disk / "others").open("wb", buffering=0) as others:
            while others.write(bytes(4096)):
                continue
        assert free_bytes(self.disk) == 0

    def ask(self, method: str, path: str, body: object = None) -> urllib3.BaseHTTPResponse:
        url = f"{self.server.url}/api/v5{path.format(it=f'/repos/{self.repository}')}"
        headers = {"Authorization": f"Bearer {self._token}"}
        return urllib3.request(method, url, headers=headers, json=body, retries=False)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    folder = tmp_path_factory.mktemp("full")
    with private_mounts():
        disk = mount_memory(folder / "disk", mebibytes=12)
        with running_server(disk / "server") as server:
            made, small = server.repository(), make_repository(folder / "small.git")
            url = server.clone_url(made, server.credential())
            git(small, "push", "--quiet", url, "main:refs/heads/main", "main:refs/heads/other")
            it = Full(server, disk, str(made.path))
            it.fill()
            yield it


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "{it}/branches", {"refs": "main", "branch_name": "x"}),
        ("GET", "{it}/languages", None),
        ("POST", "{it}/tags", {"refs": "main", "tag_name": "x"}),
        ("POST", "{it}/tags", {"refs": "main", "tag_name": "y", "tag_message": "hello"}),
        ("POST", "{it}/contents/a.txt", {"content": "aGVsbG8=", "message": "m", "branch": "main"}),
        ("DELETE", "{it}/branches/other", None),
        ("PATCH", "{it}", {"description": "y"}),
        ("POST", "{it}/forks", {}),
        ("POST", "/user/repos", {"name": "y"}),
    ],
)
def test_what_finds_no_room_is_told_so(full: Full, method: str, path: str, body: object) -> None:
    answer = full.ask(method, path, body)

    assert (answer.status, answer.json()["error_message"]) == (507, NO_ROOM)


@pytest.mark.parametrize("path", ["{it}", "{it}/commits", "{it}/branches", "{it}/contributors/statistic"])
def test_what_needs_no_room_is_answered(full: Full, path: str) -> None:
    assert full.ask("GET", path).status == 200


def test_a_right_password_lets_in_and_a_wrong_one_is_slowed(full: Full) -> None:
    """Though neither can be written down."""

    def log_in(password: str) -> int:
        headers = urllib3.make_headers(basic_auth=f"{full.server.owner.name}:{password}")
        return urllib3.request("GET", f"{full.server.url}/api/v5/user", headers=headers, retries=False).status

    right = log_in(PASSWORD)
    wrong = [log_in(f"wrong {number}") for number in range(FREE_FAILURES + 1)]

    assert right == 200
    assert wrong == [401] * FREE_FAILURES + [429]


def test_lines_that_were_lost_are_counted_once_there_is_room(tmp_path: Path) -> None:
    with private_mounts():
        disk = mount_memory(tmp_path / "disk", mebibytes=12)
        with running_server(disk / "server") as server:
            made, small = server.repository(), make_repository(tmp_path / "small.git")
            it = Full(server, disk, str(made.path))
            it.fill()
            for _ in range(9):  # more lines than what is left of the log's last block
                it.ask("POST", "/user/repos", {"name": "y"})
            resize_memory(disk, mebibytes=64)
            git(small, "push", "--quiet", server.clone_url(made, server.credential()), "main")

            assert "log_lines_lost" in server.log.read_text()
