"""An archive of every format that there ever was is opened by every command, and one of a later format by none."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.archive_fixture import unpack
from support.forked_program import QuickPerson, forking_program
from support.program import Ended, Person, serving

ROOT = Path(__file__).parents[2]
ARCHIVES = sorted((ROOT / "tests/data/archives").glob("*.tar.gz"))
WALKED = [path for path in ARCHIVES if path.name != "format-2.tar.gz"]
"""`format-2-metadata` has all that `format-2` has, and what was said around the code besides."""

ROLE = "ID"
"""Stands for what `role create` prints."""

MAKES_AN_ARCHIVE = {"backup", "serve", "user add", "worker", "archive attach"}
"""Commands with which somebody begins."""

MAY_BE_THERE_LATER = {"schedule list", "notify check"}
"""Commands that tell of an archive that a file names, and that no run has made yet."""

NOWHERE = "http://127.0.0.1:9"
API = "team/shop/api"

Words = Sequence[str | Path]

REACHES_NO_ARCHIVE = {
    "matou", "matou init", "matou login", "matou logout", "matou doctor", "matou completion", "matou help",
    "matou schedule", "matou schedule install",
    "matou notify", "matou notify list", "matou notify test", "matou notify login", "matou notify logout",
    "matou auth", "matou auth status", "matou auth git-credential",
    "matou user", "matou token", "matou org", "matou org member", "matou repo", "matou role", "matou key",
    "matou ssh-key", "matou jobs", "matou archive", "matou bucket", "matou bucket login", "matou bucket logout",
}  # fmt: skip
"""Commands that open none, and those that only hold others; what `init` saves first is saved by `backup`."""


def commands(archive: Path, tmp_path: Path, url: str) -> dict[str, Words]:
    """Every command that opens an archive, with what it is told; in an order in which each can succeed.

    `URL` is a Matou server that takes what is moved.
    """
    root, schedule = ("--root", archive), tmp_path / "matou.toml"
    schedule.write_text(
        f'[[source]]\nplatform = "coding"\nurl = "{NOWHERE}"\nto = "{archive}"\n[schedule]\ndaily = "02:30"\n',
        encoding="utf-8",
    )
    return {
        "verify": (archive,),
        "runs": (archive,),
        "show": (archive, API),
        "status": (archive,),
        "du": (archive,),
        "forget": (archive, "--keep-last", "1"),
        "prune": (archive,),
        "export": (archive, "--to", tmp_path / "pages"),
        "restore": (archive, "--to", tmp_path / "restored"),
        "copy": (archive, tmp_path / "copy"),
        "reindex": (archive,),
        "check": (archive,),
        "migrate": (archive, "--to", "matou", "--url", url, "--namespace", "moved", "--include", "**/api"),
        "user add": ("bob", "--no-password", *root),
        "user list": root,
        "user show": ("alice", *root),
        "user set-password": ("alice", "--password-stdin", *root),
        "user set-email": ("bob", "bob@example.com", *root),
        "user disable": ("bob", *root),
        "user enable": ("bob", *root),
        "token create": ("--user", "alice", "--name", "n", *root),
        "token list": root,
        "token revoke": ("1", *root),
        "org create": ("harbour", "--owner", "alice", *root),
        "org list": root,
        "org show": ("harbour", *root),
        "org rename": ("harbour", *root, "--display-name", "The Harbour"),
        "org member add": ("harbour", "bob", "--role", "reporter", *root),
        "org member set": ("harbour", "bob", "--role", "developer", *root),
        "org member list": ("harbour", *root),
        "org member remove": ("harbour", "bob", *root),
        "repo import": (archive / f"repositories/{API}.git", "harbour/copy", *root),
        "repo list": root,
        "repo show": (API, *root),
        "repo set": ("harbour/copy", "--description", "a copy", *root),
        "repo transfer": ("harbour/copy", "harbour", "--name", "twin", *root),
        "role create": ("harbour/twin", "pilot", "--access-level", "20", *root),
        "role list": ("harbour/twin", *root),
        "role delete": ("harbour/twin", ROLE, *root),
        "key list": ("--user", "alice", *root),
        "ssh-key list": ("--user", "alice", *root),
        "repo delete": ("harbour/twin", "--yes", *root),
        "org delete": ("harbour", "--yes", *root),
        "user delete": ("bob", "--yes", *root),
        "worker": ("--once", "--config", schedule),
        "jobs list": root,
        "schedule list": ("--config", schedule),
        "notify check": ("--config", schedule),
    }


def with_bad_words(archive: Path) -> dict[str, Words]:
    """Commands that need more than an archive to succeed; they must open it before anything else."""
    root = ("--root", archive)
    return {
        "jobs show": ("1", *root),
        "jobs retry": ("1", *root),
        "jobs cancel": ("1", *root),
        "backup": ("coding", "--url", NOWHERE, "--to", archive),
        "serve": (*root, "--port", "0"),
        "archive attach": (archive, "s3://bucket/harbour", "--endpoint", NOWHERE),
        "archive move": (archive, archive.parent / "elsewhere"),
        "key add": ("--user", "alice", *root),
        "key remove": ("1", "--user", "alice", *root),
        "ssh-key add": ("--user", "alice", *root),
        "ssh-key remove": ("1", "--user", "alice", *root),
    }


STATES = {"status": 3}
"""How a command ends that succeeds: the fixture's last run was cut off, and its source lacks an LFS object."""


@pytest.fixture(params=WALKED, ids=lambda path: path.name.removesuffix(".tar.gz"))
def packed(request: pytest.FixtureRequest) -> Path:
    path = request.param
    assert isinstance(path, Path)
    return path


@pytest.fixture
def archive(packed: Path, tmp_path: Path) -> Path:
    return unpack(packed, tmp_path)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickPerson]:
    """Goes through all commands, of which most take less time than a start."""
    with forking_program() as program:
        yield QuickPerson(home=tmp_path_factory.mktemp("home"), program=program)


@contextmanager
def a_target(person: Person, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server with a namespace `moved`, and a token for it."""
    root = tmp_path / "target"
    with serving(person, root) as url:
        person.matou("user", "add", "carol", "--admin", "--no-password", "--root", root)
        person.matou("org", "create", "moved", "--owner", "carol", "--root", root)
        yield url, person.matou("token", "create", "--user", "carol", "--name", "n", "--root", root).out.strip()


def tree_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file with its mode, when it changed, and what it holds; and every folder."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in (folder, *sorted(folder.rglob("*")))
    }


def run(person: Person, command: str, words: Words, *, token: str = "t", code: int | None) -> Ended:
    told = [*command.split(), *words]
    return person.matou(*told, stdin="a long password\n", code=code, MATOU_MATOU_TOKEN=token, MATOU_CODING_TOKEN=token)


def test_every_command_that_opens_an_archive_is_told_here(tmp_path: Path) -> None:
    guide = (ROOT / "docs/guide/commands.md").read_text()
    named = set(re.findall(r"^##+ (matou.*)$", guide, re.MULTILINE))

    told = {f"matou {name}" for name in (*commands(tmp_path, tmp_path, ""), *with_bad_words(tmp_path))}

    assert named - REACHES_NO_ARCHIVE == told


def test_there_is_an_archive_of_every_format() -> None:
    names = [path.name for path in ARCHIVES]

    assert [name for name in ("format-1.tar.gz", "format-2.tar.gz") if name not in names] == []
    source = (ROOT / "tests/data/archives/SOURCE.md").read_text()
    assert [name for name in names if f"`{name}`" not in source] == []


@pytest.mark.timeout(600)
def test_every_command_opens_it(person: Person, quick: QuickPerson, archive: Path, tmp_path: Path) -> None:
    with a_target(person, tmp_path) as (url, token):
        role = ""
        for command, words in commands(archive, tmp_path, url).items():
            told = [role if word == ROLE else word for word in words]
            ended = run(quick, command, told, token=token, code=STATES.get(command, 0))
            role = ended.out.strip() if command == "role create" else role

        assert (tmp_path / f"restored/{API}.git/HEAD").is_file()
        assert (tmp_path / "target/repositories/moved/api.git").is_dir()
        if (archive / "metadata").is_dir():
            assert "手机买票，改了" in (tmp_path / "pages/team/shop/-/issues/2.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["key add", "key remove", "ssh-key add", "ssh-key remove"])
def test_what_cannot_succeed_for_want_of_a_key_says_so(person: Person, archive: Path, command: str) -> None:
    ended = run(person, command, with_bad_words(archive)[command], code=2)

    assert "key" in ended.err


@pytest.mark.parametrize("command", ["jobs show", "jobs retry", "jobs cancel"])
def test_what_cannot_succeed_for_want_of_a_job_says_so(person: Person, archive: Path, command: str) -> None:
    ended = run(person, command, with_bad_words(archive)[command], code=2)

    assert "there is no job 1" in ended.err
    assert "Matou" not in ended.err


def test_a_server_serves_it(person: Person, archive: Path) -> None:
    token = person.matou("token", "create", "--user", "alice", "--name", "n", "--root", archive).out.strip()
    person.matou("org", "member", "add", "team", "alice", "--role", "reporter", "--root", archive)

    with serving(person, archive) as url:
        address = f"{url}/{API}.git".replace("://", f"://alice:{token}@")
        assert "refs/heads/main" in person.git("ls-remote", address)


def test_a_backup_that_cannot_reach_its_source_leaves_its_format(person: Person, archive: Path) -> None:
    before = (archive / "archive.json").read_bytes()

    run(person, "backup", with_bad_words(archive)["backup"], code=6)

    assert (archive / "archive.json").read_bytes() == before


@pytest.mark.parametrize("more", [{"format": 3}, {"features": ["tides"]}], ids=["format", "feature"])
def test_no_command_touches_what_a_newer_matou_wrote(
    quick: QuickPerson, tmp_path: Path, more: dict[str, object]
) -> None:
    archive = unpack(ROOT / "tests/data/archives/format-2.tar.gz", tmp_path)
    archive.chmod(0o755)
    identity = archive / "archive.json"
    identity.write_text(json.dumps({**json.loads(identity.read_text()), **more}))
    before = tree_of(archive)

    for command, words in {**commands(archive, tmp_path, NOWHERE), **with_bad_words(archive)}.items():
        ended = run(quick, command, words, code=2)
        assert "written by a newer Matou" in ended.err, (command, ended.err)
        assert "Nothing was touched" in ended.err, command
        assert tree_of(archive) == before, command
    assert not (tmp_path / "restored").exists()


def test_no_command_makes_an_archive_of_a_mistyped_folder(person: Person, quick: QuickPerson, tmp_path: Path) -> None:
    mistyped = tmp_path / "mistyped"
    person.git("init", "--bare", "--quiet", str(tmp_path / "there.git"))
    told: dict[str, Words] = {
        **commands(mistyped, tmp_path, NOWHERE),
        **with_bad_words(mistyped),
        "repo import": (tmp_path / "there.git", "harbour/copy", "--root", mistyped),
    }

    for command in told.keys() - MAKES_AN_ARCHIVE - MAY_BE_THERE_LATER:
        ended = run(quick, command, told[command], code=2)
        assert "no archive" in ended.err, (command, ended.err)
        assert not mistyped.exists(), command
