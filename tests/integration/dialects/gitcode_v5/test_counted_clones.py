"""What counts as a download: real clones by real git, written down when the server ends."""

import signal
from pathlib import Path

import pytest

from support.deciding import download_statistics
from support.git_repositories import git, make_repository
from support.matou_server import running_server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "server"


@pytest.mark.parametrize("protocol", ["0", "2"])
def test_each_clone_counts_and_nothing_else_does_and_a_clean_end_loses_none(
    root: Path, tmp_path: Path, protocol: str
) -> None:
    source = make_repository(tmp_path / "source.git", commits=3)
    with running_server(root) as server:
        repository = server.repository()
        url = server.clone_url(repository, server.credential())
        speak = ("-c", f"protocol.version={protocol}")
        git(source, "push", "--quiet", url, "main~1:refs/heads/main")
        git(source, *speak, "ls-remote", url)
        git(None, *speak, "clone", "--quiet", "--mirror", url, tmp_path / "whole.git")
        git(None, *speak, "clone", "--quiet", "--bare", url, tmp_path / "bare.git")
        git(source, "push", "--quiet", url, "main")
        git(tmp_path / "whole.git", *speak, "fetch", "--quiet")
        git(tmp_path / "whole.git", *speak, "fetch", "--quiet")

        server.stop(signal.SIGTERM)

        assert download_statistics(server.forge, repository).total == 2


@pytest.mark.parametrize("protocol", ["0", "2"])
def test_a_shallow_clone_counts_once(root: Path, tmp_path: Path, protocol: str) -> None:
    source = make_repository(tmp_path / "source.git", commits=3)
    with running_server(root) as server:
        repository = server.repository()
        url = server.clone_url(repository, server.credential())
        git(source, "push", "--quiet", url, "main")
        speak = ("-c", f"protocol.version={protocol}")
        git(None, *speak, "clone", "--quiet", "--bare", "--depth=1", url, tmp_path / "shallow.git")

        server.stop(signal.SIGTERM)

        assert download_statistics(server.forge, repository).total == 1
