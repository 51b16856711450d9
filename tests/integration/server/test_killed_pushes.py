"""A server that is killed while it moves refs: the one that is started next takes the same push at once."""

import subprocess
from pathlib import Path

import pytest

from matou.model.names import RefName
from support.crash_points import KILL, Point, attached, require_strace, strikes_in
from support.git_repositories import ENVIRONMENT, git, make_source, refs_of
from support.matou_server import running_server


@pytest.mark.parametrize(
    ("pushed", "call", "number"),
    [
        ("main:refs/heads/new", "link", 1),
        ("main:refs/heads/new", "rename", 1),
        ("main~1:refs/heads/old", "unlink", 1),
        (":refs/heads/old", "link", 2),
        (":refs/heads/old", "unlink", 1),
    ],
)
def test_a_push_is_taken_at_once_by_the_server_that_is_started_next(
    tmp_path: Path, pushed: str, call: str, number: int
) -> None:
    """`packed-refs.lock` or the branch's own refused it for an hour. No object comes with it, so no git is started."""
    require_strace(tmp_path)
    source = make_source(tmp_path / "source.git")
    with running_server(tmp_path / "server") as server:
        repository = server.repository()
        git_dir, name = server.git_dir(repository), repository.path
        push = ["git", f"--git-dir={source}", "push", "--force", server.clone_url(repository, server.credential())]
        subprocess.run([*push, "main", "main:refs/heads/old"], env=ENVIRONMENT, check=True, capture_output=True)
        with attached(server.process.pid, tmp_path / "trace", Point(call, number, KILL)):
            subprocess.run([*push, pushed], env=ENVIRONMENT, capture_output=True)
        server.process.kill()
        port = server.url.rpartition(":")[2]
    assert strikes_in(tmp_path / "trace") > 0

    with running_server(tmp_path / "server") as server:
        again = [word.replace(f":{port}/{name}", f":{server.url.rpartition(':')[2]}/{name}") for word in push]
        second = subprocess.run(
            [*again, pushed, "main:refs/heads/also"], env=ENVIRONMENT, capture_output=True, text=True
        )

    assert second.returncode == 0, second.stderr
    new, ref = pushed.split(":")
    assert refs_of(git_dir).get(RefName(ref)) == (git(source, "rev-parse", new) if new else None)
    assert [path for path in git_dir.rglob("*") if path.name.endswith(".lock")] == []
    git(git_dir, "fsck", "--full", "--strict")
