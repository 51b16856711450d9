"""Repositories of any git server, by their addresses: no account, no API, a token only where one is asked for."""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.git.process import run
from matou.http.git_http import LogInRefused
from matou.platforms.git.addresses import by_server
from matou.settings import Settings
from matou.transfer.backup.command import BackupOptions
from matou.transfer.backup.report import SILENCE, BackupReport
from matou.transfer.restore.command import restore
from matou.transfer.verify.command import verify
from matou.wiring import back_up, open_archive
from support.git_repositories import force_push, init_bare, make_lfs_repository, make_source, refs_of
from support.histories import make_odd_history
from support.plain_git_server import PlainGitServer, running_plain_git_server
from support.scripted_source import assert_sound, commit, lines, outcomes, repository_lines
from support.ssh_server import needs_sshd, running_ssh_server

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[PlainGitServer]:
    with running_plain_git_server() as server:
        yield server


def save(server: PlainGitServer, to: Path, *paths: str, token: str = "", dry_run: bool = False) -> BackupReport:
    [(url, urls)] = by_server(f"{server.url}{path}" for path in paths).items()
    return back_up(
        "git",
        url,
        Secret(token),
        to,
        BackupOptions(jobs=2, dry_run=dry_run),
        settings=Settings.from_environment({}),
        progress=SILENCE,
        repositories=urls,
    )


def places(archive: Archive, run: int) -> dict[str, str]:
    """Where each repository stands below its server, by its path there."""
    return {id_: line.path.partition("/")[2] for id_, line in repository_lines(archive, run).items()}


def test_repositories_are_saved_at_the_places_that_their_addresses_name(server: PlainGitServer, tmp_path: Path) -> None:
    for number, path in enumerate(["/ship.git", "/docks/boat.git", "/docks/north/raft"]):
        server.repositories[path] = make_odd_history(tmp_path / f"{number}.git", number)

    report = save(server, tmp_path / "archive", *server.repositories)

    archive = open_archive(tmp_path / "archive")
    assert report.everything_is_saved
    assert places(archive, 1) == {
        "ship.git": "ship",
        "docks/boat.git": "docks/boat",
        "docks/north/raft": "docks/north/raft",
    }
    for path, source in server.repositories.items():
        saved = archive.repositories / f"{repository_lines(archive, 1)[path.strip('/')].path}.git"
        assert refs_of(saved).items() >= refs_of(source).items()
    assert_sound(archive)
    assert verify(archive, everything=True, jobs=1, now=NOW).is_whole
    restore(archive, to=tmp_path / "restored", now=NOW)
    assert len(list((tmp_path / "restored").rglob("HEAD"))) == 3


def test_what_is_unchanged_costs_one_request_each_and_what_is_rewritten_is_kept(
    server: PlainGitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.repositories["/ship.git"] = init_bare(tmp_path / "ship.git")
    commit(server.repositories["/ship.git"], "refs/heads/main", {"hull": b"oak"})
    server.repositories["/boat.git"] = make_source(tmp_path / "boat.git")
    save(server, tmp_path / "archive", "/ship.git", "/boat.git")
    server.server.requests.clear()

    with monkeypatch.context() as patched:
        patched.setattr(run, "start_child", lambda *_, **__: pytest.fail("git was started"))
        unchanged = save(server, tmp_path / "archive", "/ship.git", "/boat.git")

    assert len(server.server.requests) == 2
    assert unchanged.outcomes == {"unchanged": 2}
    before, _ = force_push(server.repositories["/ship.git"], "main")
    again = save(server, tmp_path / "archive", "/ship.git", "/boat.git")
    assert again.kept == 1
    assert (
        before in refs_of(open_archive(tmp_path / "archive").repositories / mirror_path(tmp_path, "ship.git")).values()
    )


def mirror_path(tmp_path: Path, id_: str) -> str:
    return f"{repository_lines(open_archive(tmp_path / 'archive'), 1)[id_].path}.git"


def test_one_that_is_not_named_any_more_stays_as_it_is_and_is_no_trouble(
    server: PlainGitServer, tmp_path: Path
) -> None:
    for path in ("/ship.git", "/boat.git"):
        server.repositories[path] = make_source(tmp_path / path.strip("/"))
    save(server, tmp_path / "archive", "/ship.git", "/boat.git")

    report = save(server, tmp_path / "archive", "/ship.git")
    back = save(server, tmp_path / "archive", "/ship.git", "/boat.git")

    assert report.everything_is_saved
    assert outcomes(open_archive(tmp_path / "archive"), 2) == {"ship.git": "unchanged", "boat.git": "excluded"}
    assert back.outcomes == {"unchanged": 2}


def test_one_that_is_gone_or_empty_hides_no_other(server: PlainGitServer, tmp_path: Path) -> None:
    server.repositories["/ship.git"] = make_source(tmp_path / "ship.git")
    server.repositories["/empty.git"] = init_bare(tmp_path / "empty.git")

    report = save(server, tmp_path / "archive", "/gone.git", "/empty.git", "/ship.git")

    archive = open_archive(tmp_path / "archive")
    assert outcomes(archive, 1) == {"gone.git": "refused", "empty.git": "empty", "ship.git": "saved"}
    [problem] = report.problems
    assert "gone" in problem.what


def test_one_that_has_moved_to_another_host_is_not_followed_and_its_new_address_is_said(
    server: PlainGitServer, tmp_path: Path
) -> None:
    server.repositories["/ship.git"] = make_source(tmp_path / "ship.git")
    server.moved["/old.git"] = f"{server.url}/ship.git"
    server.moved["/away.git"] = "https://elsewhere.example/ship.git"

    report = save(server, tmp_path / "archive", "/old.git", "/away.git")

    assert outcomes(open_archive(tmp_path / "archive"), 1) == {"old.git": "saved", "away.git": "refused"}
    [problem] = report.problems
    assert "https://elsewhere.example/ship.git" in str(problem.cause)


def test_paths_that_fold_to_one_another_are_kept_apart(server: PlainGitServer, tmp_path: Path) -> None:
    paths = ["/docks/ship.git", "/docks/ship", "/Docks/ship.git", "/docks/SHIP.git"]
    for number, path in enumerate(paths):
        server.repositories[path] = make_odd_history(tmp_path / f"{number}.git", number)

    save(server, tmp_path / "archive", *paths)

    archive = open_archive(tmp_path / "archive")
    assert len({place.casefold() for place in places(archive, 1).values()}) == 4
    for path in paths:
        saved = archive.repositories / f"{repository_lines(archive, 1)[path.strip('/')].path}.git"
        assert refs_of(saved).items() >= refs_of(server.repositories[path]).items()


def test_lfs_objects_come_from_the_same_address(server: PlainGitServer, tmp_path: Path) -> None:
    made = make_lfs_repository(tmp_path / "ship.git", {"hull.bin": b"an object of LFS" * 100})
    server.repositories["/ship.git"] = made.git_dir
    oid, _ = server.lfs.add(b"an object of LFS" * 100)

    report = save(server, tmp_path / "archive", "/ship.git")

    assert report.everything_is_saved
    assert open_archive(tmp_path / "archive").blobs.has(oid)


@pytest.mark.parametrize(
    ("token", "password"), [("captain:secret:word", "captain:secret:word"), ("t0ken", "git:t0ken")]
)
def test_a_credential_goes_to_git_where_there_is_one(
    server: PlainGitServer, tmp_path: Path, token: str, password: str
) -> None:
    server.password = password
    server.repositories["/ship.git"] = make_source(tmp_path / "ship.git")

    report = save(server, tmp_path / "archive", "/ship.git", token=token)

    assert report.everything_is_saved
    written = b"".join(path.read_bytes() for path in (tmp_path / "archive" / "runs").rglob("*") if path.is_file())
    assert b"secret" not in written
    assert b"t0ken" not in written


def test_a_repository_that_wants_a_credential_is_said_to(server: PlainGitServer, tmp_path: Path) -> None:
    server.password = "captain:secret"
    server.repositories["/ship.git"] = make_source(tmp_path / "ship.git")

    without = save(server, tmp_path / "archive", "/ship.git")
    with pytest.raises(LogInRefused):
        save(server, tmp_path / "archive", "/ship.git", token="captain:wrong")

    [problem] = without.problems
    assert "wants a credential" in str(problem.cause)


def test_a_dry_run_writes_nothing_and_says_what_would_be_asked(server: PlainGitServer, tmp_path: Path) -> None:
    report = save(server, tmp_path / "archive", "/docks/ship.git", dry_run=True)

    assert [plan.path.partition("/")[2] for plan in report.planned or ()] == ["docks/ship"]
    assert not (tmp_path / "archive").exists()
    assert not server.server.requests


def test_the_manifest_names_the_server_and_no_account(server: PlainGitServer, tmp_path: Path) -> None:
    server.repositories["/ship.git"] = make_source(tmp_path / "ship.git")

    save(server, tmp_path / "archive", "/ship.git")

    first = lines(open_archive(tmp_path / "archive"), 1)[0]
    assert (first.source.platform, first.source.url, first.source.account) == ("git", server.url, "anonymous")  # type: ignore[union-attr]


@needs_sshd
def test_by_ssh_a_repository_is_saved_too_and_lfs_objects_come_from_where_the_server_says(
    server: PlainGitServer, tmp_path: Path
) -> None:
    made = make_lfs_repository(tmp_path / "ship.git", {"hull.bin": b"an object of LFS" * 100})
    oid, _ = server.lfs.add(b"an object of LFS" * 100)
    server.password = "lfs:opens"
    place = {
        "href": f"{server.url}/x/info/lfs",
        "header": {"Authorization": f"Basic {b64encode(b'lfs:opens').decode()}"},
    }
    script = tmp_path / "serve"
    script.write_text(
        f"#!/bin/sh\ncase $SSH_ORIGINAL_COMMAND in git-lfs-authenticate*) echo '{json.dumps(place)}';;"
        ' *) eval "$SSH_ORIGINAL_COMMAND";; esac\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    (tmp_path / "sshd").mkdir()
    with running_ssh_server(tmp_path / "sshd") as ssh:
        key = ssh.key("captain", command=str(script))
        variables = {"MATOU_SSH_KEY": str(key), "MATOU_SSH_KNOWN_HOSTS": str(ssh.known_hosts)}
        [(at, urls)] = by_server([ssh.url(made.git_dir)]).items()
        first, second = (
            back_up(
                "git",
                at,
                Secret(""),
                tmp_path / "archive",
                BackupOptions(jobs=2),
                settings=Settings.from_environment(variables),
                progress=SILENCE,
                repositories=urls,
            )
            for _ in range(2)
        )

    archive = open_archive(tmp_path / "archive")
    assert (first.outcomes, second.outcomes) == ({"saved": 1}, {"unchanged": 1})
    assert archive.blobs.has(oid)
    assert lines(archive, 1)[0].source.url == at  # type: ignore[union-attr]
    assert {request.path for request in server.server.requests} == {"/x/info/lfs/objects/batch", f"/objects/{oid}"}
