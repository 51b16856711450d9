"""What is counted as a download, and what of refs is remembered as it goes out."""

import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from matou.db import downloads
from matou.db.repositories import Repository
from matou.forge.repositories.downloads import day_of
from support.git_repositories import commit_file, git, make_many_refs, make_repository
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


def test_many_refs_come_in_gzip_to_who_takes_it_and_are_those_on_the_disk(
    matou_server: MatouServer, tmp_path: Path
) -> None:
    repository = matou_server.repository()
    source = make_many_refs(tmp_path / "many.git", 3_000)
    url = matou_server.clone_url(repository, matou_server.credential())
    git(source, "push", "--quiet", "--mirror", url)
    headers = {
        "Content-Type": "application/x-git-upload-pack-request",
        "Git-Protocol": "version=2",
        "Authorization": httpx.BasicAuth("x", matou_server.token().reveal())._auth_header,
    }

    def ask(encoding: str) -> httpx.Response:
        body = b"0014command=ls-refs\n0001" + b"0009peel\n" + b"000csymrefs\n" + b"0000"
        more = headers | {"Accept-Encoding": encoding}
        return httpx.post(f"{matou_server.url}/{repository.path}.git/git-upload-pack", content=body, headers=more)

    plain = ask("identity")
    deadline = time.monotonic() + 30
    while "content-encoding" not in (zipped := ask("gzip")).headers and time.monotonic() < deadline:
        assert zipped.content == plain.content
    git(source, "push", "--quiet", url, "+main~0:refs/heads/new")
    after = ask("gzip")

    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content
    assert b" refs/heads/new\n" in after.content
    assert b" refs/heads/new\n" not in plain.content
    assert git(None, "ls-remote", url) == git(None, "ls-remote", matou_server.git_dir(repository))
