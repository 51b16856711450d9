"""Who else on the machine may read an archive: nobody, unless a group was named."""

import base64
import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from matou.archive.privacy import DATABASE_FILES
from support.program import Person, serving
from support.team import Team, make_history

FOR_OTHERS, FOR_GROUP = 0o077, 0o050


@pytest.fixture(autouse=True)
def _everybody_reads_what_is_made_here() -> Iterator[None]:
    """The mask that most systems give their users; the programs that are started have it, too."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to(bits: int, root: Path) -> list[str]:
    paths = (root, *root.rglob("*"))
    return [str(path.relative_to(root)) for path in paths if path.lstat().st_mode & bits and not path.is_symlink()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def a_group() -> grp.struct_group:
    """One that is not the usual one of what is made here, where that may be named."""
    others = [group for group in grp.getgrall() if group.gr_gid != os.getgid()]
    return others[-1] if os.geteuid() == 0 and others else grp.getgrgid(os.getgid())


def back_up(team: Team, archive: Path, *options: str) -> str:
    words: tuple[str | Path, ...] = ("backup", "coding", "--url", team.api, "--to", archive, *options)
    return team.person.matou(*words, MATOU_CODING_TOKEN=team.token).err


def test_nothing_that_a_backup_and_its_proof_make_can_be_read_by_others(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"

    back_up(team, archive)
    team.person.matou("verify", archive)

    assert (archive / "verified.json").exists()
    assert open_to(FOR_OTHERS, archive) == []


def test_nothing_that_a_server_makes_can_be_read_by_others(person: Person, tmp_path: Path) -> None:
    root, made = tmp_path / "server", make_history(tmp_path / "made")
    person.matou("user", "add", "li", "--admin", "--root", root, "--password-stdin", stdin="correct horse battery\n")
    person.matou("repo", "import", made, "li/shop", "--root", root)
    token = person.matou("token", "create", "--user", "li", "--name", "t", "--root", root).out.strip()
    with serving(person, root) as url:
        remote = f"http://li:{token}@{url.removeprefix('http://')}/li/shop.git"
        person.git("clone", "-q", remote, tmp_path / "clone")
        person.git("-C", tmp_path / "clone", "commit", "-q", "--allow-empty", "-m", "more")
        person.git("-C", tmp_path / "clone", "push", "-q", "origin", "HEAD:main", "HEAD:refs/heads/other")

        _use_the_api(f"{url}/api/v5/repos/li/shop", token)

        assert open_to(FOR_OTHERS, root) == []


def _use_the_api(repository: str, token: str) -> None:
    """What writes to an archive besides git: files, branches, uploads, and what is kept of answers."""
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(100)).decode()
    requests_seen: tuple[tuple[str, str, dict[str, str] | None], ...] = (
        ("POST", "/contents/new.txt", {"content": "eA==", "message": "new"}),
        ("POST", "/branches", {"refs": "main", "branch_name": "by-api"}),
        ("POST", "/img/upload", {"file_name": "a.png", "body": picture}),
        ("GET", "/zipball", None),
        ("GET", "/contributors/statistic", None),
    )
    for method, path, body in requests_seen:
        answer = urllib3.request(method, repository + path, headers={"PRIVATE-TOKEN": token}, json=body)
        assert answer.status in (200, 201), (path, answer.data)


def test_the_folder_of_an_archive_that_an_earlier_matou_made_is_closed_and_that_is_told(
    team: Team, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    archive.chmod(0o755)

    told = back_up(team, archive)
    told_again = back_up(team, archive)

    assert f"every account of this machine could read {archive}" in told
    assert mode(archive) == 0o700
    assert "every account" not in told_again


def test_a_folder_that_holds_something_else_keeps_its_mode(team: Team, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "letter").write_text("dear")

    team.person.matou("backup", "coding", "--url", team.api, "--to", folder, code=2, MATOU_CODING_TOKEN=team.token)

    assert mode(folder) == 0o755


def test_a_dry_run_changes_no_mode(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    archive.chmod(0o755)

    back_up(team, archive, "--dry-run")

    assert mode(archive) == 0o755


def test_the_members_of_a_group_that_was_named_may_read_all_but_the_database(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    team.person.matou("check", archive, code=None)
    group = a_group()

    back_up(team, archive, "--group", group.gr_name)
    team.person.matou("migrate", archive, "--to", "matou", "--url", team.url, "--namespace", "acme", code=None)
    back_up(team, archive)  # the folder says it from then on

    assert {path.stat().st_gid for path in (archive, *archive.rglob("*")) if path.name not in DATABASE_FILES} == {
        group.gr_gid
    }
    closed = [path for path in (archive, *archive.rglob("*")) if not path.stat().st_mode & 0o040]
    assert {path.name for path in closed} <= DATABASE_FILES
    assert [path.name for path in closed if path.name == "matou.db"] == ["matou.db"]
    assert open_to(0o007, archive) == []
    assert [str(path) for path in archive.rglob("*") if path.is_dir() and not path.stat().st_mode & 0o010] == []


def test_a_group_that_is_not_there_is_named(team: Team, tmp_path: Path) -> None:
    words = ("backup", "coding", "--url", team.api, "--to", tmp_path / "archive", "--group", "nobody-knows-it")

    ended = team.person.matou(*words, code=2, MATOU_CODING_TOKEN=team.token)

    assert "no group 'nobody-knows-it'" in ended.err


def test_what_is_restored_has_the_mode_that_the_person_wants(team: Team, tmp_path: Path) -> None:
    back_up(team, tmp_path / "archive")

    team.person.matou("restore", tmp_path / "archive", "--to", tmp_path / "restored")

    assert mode(tmp_path / "restored") == 0o755


def test_an_account_without_a_password_is_made_only_on_purpose(person: Person, tmp_path: Path) -> None:
    words: tuple[str | Path, ...] = ("user", "add", "li", "--root", tmp_path / "server")

    refused = person.matou(*words, code=2)
    contradiction = person.matou(*words, "--no-password", "--password-stdin", stdin="correct horse battery\n", code=2)
    person.matou(*words, "--no-password")

    assert "--no-password" in refused.err
    assert "contradict" in contradiction.err


@pytest.mark.parametrize(
    ("options", "visibility", "told"),
    [
        ((), "private", "its members and administrators may read it"),
        (("--private",), "private", "its members and administrators may read it"),
        (("--public",), "public", "everybody may read it"),
    ],
)
def test_an_imported_repository_is_private_unless_it_is_said_and_the_answer_says_who_may_read(
    person: Person, tmp_path: Path, options: tuple[str, ...], visibility: str, told: str
) -> None:
    root, made = tmp_path / "server", make_history(tmp_path / "made")
    person.matou("user", "add", "li", "--root", root, "--no-password")

    ended = person.matou("repo", "import", made, "li/shop", "--root", root, *options)

    assert told in ended.err
    assert f'"visibility": "{visibility}"' in person.matou("repo", "list", "--root", root, "--json").out
