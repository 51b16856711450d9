"""Clones are counted as downloads, and nothing else that git asks for is."""

from datetime import UTC, datetime
from pathlib import Path

from matou.db import downloads
from matou.db.repositories import Repository
from matou.forge.downloads import day_of
from support.git_repositories import commit_file, git, make_repository
from support.matou_server import MatouServer, running_server


def counted(server: MatouServer, repository: Repository) -> int:
    """What the server wrote down by the time it ended."""
    today = day_of(datetime.now(UTC))
    with server.forge.database.begin_read() as connection:
        return downloads.downloads_before(connection, repository.id, today) + sum(
            downloads.downloads_on(connection, repository.id, today, today).values()
        )


def test_clones_count_and_fetches_of_what_is_new_do_not(tmp_path: Path) -> None:
    with running_server(tmp_path / "archive") as server:
        repository = server.repository()
        source = make_repository(tmp_path / "source.git", commits=3)
        url = server.clone_url(repository, server.credential())
        git(source, "push", "--quiet", url, "main")
        git(None, "clone", "--quiet", url, tmp_path / "first")
        git(None, "clone", "--quiet", "--depth=1", url, tmp_path / "shallow")
        git(None, "-c", "protocol.version=0", "clone", "--quiet", url, tmp_path / "old")
        git(None, "clone", "--quiet", "--filter=blob:none", "--no-checkout", url, tmp_path / "partial")
        git(tmp_path / "partial" / ".git", "cat-file", "-p", "main:file-0")
        commit_file(source, "main", "new.txt", b"new")
        git(source, "push", "--quiet", url, "main")
        git(tmp_path / "first" / ".git", "fetch", "--quiet")
        git(tmp_path / "first" / ".git", "ls-remote", url)

        status = server.stop()

        assert (status, counted(server, repository)) == (0, 4)
