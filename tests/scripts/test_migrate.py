"""An archive is moved to another server by commands alone, and moved again."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.program import Ended
from support.secret_watch import SecretWatch
from support.team import Team

CODE_REFS = ("refs/heads", "refs/tags", "refs/notes")


def back_up(team: Team, archive: Path) -> None:
    team.person.matou("backup", "coding", "--url", team.api, "--to", archive, MATOU_CODING_TOKEN=team.token)


def make_organization(team: Team, name: str) -> str:
    team.person.matou("org", "create", name, "--owner", "li", "--root", team.root)
    return name


def migrate(team: Team, archive: Path, namespace: str, *options: str | Path, code: int | None = 0) -> Ended:
    return team.person.matou(
        "migrate",
        archive,
        "--to",
        "matou",
        "--url",
        team.url,
        "--namespace",
        namespace,
        *options,
        code=code,
        MATOU_MATOU_TOKEN=team.token,
    )


def report(ended: Ended) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(ended.out)
    return read


def refs(repository: Path) -> str:
    command = ["git", "-C", str(repository), "for-each-ref", "--format=%(objectname) %(refname)", *CODE_REFS]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def archive(team: Team, tmp_path: Path) -> Path:
    back_up(team, tmp_path / "archive")
    return tmp_path / "archive"


def test_everything_is_there_afterwards_object_id_for_object_id(team: Team, archive: Path) -> None:
    namespace = make_organization(team, "harbour")

    moved = report(migrate(team, archive, namespace, "--json"))

    assert moved["outcomes"] == {"moved": 3}
    for name in ("shop", "notes"):
        there = team.root / f"repositories/harbour/{name}.git"
        assert refs(there) == refs(team.root / f"repositories/acme/web/{name}.git") != ""
    assert refs(team.root / "repositories/harbour/empty.git") == ""


def test_a_migration_shows_its_token_nowhere(team: Team, archive: Path) -> None:
    namespace = make_organization(team, "harbour")
    before = {path for path in archive.rglob("*") if path.is_file()}
    watch = SecretWatch(team.token)
    watch.start()

    ended = migrate(team, archive, namespace)

    watch.ended.set()
    watch.join()
    assert watch.looks > 3
    assert watch.seen == set()
    assert team.token not in ended.out + ended.err
    written = {path for path in archive.rglob("*") if path.is_file()}
    assert {path.name.partition("-matou")[1] or path.name for path in written - before} == {
        "migrations.jsonl",
        "-matou",
    }
    assert [path for path in written if team.token.encode() in path.read_bytes()] == []


def test_a_dry_run_tells_what_would_be_created(team: Team, archive: Path) -> None:
    namespace = make_organization(team, "harbour")

    ended = migrate(team, archive, namespace, "--dry-run")

    assert "acme/web/shop -> harbour/shop: would be created" in ended.out
    assert "nothing was changed" in ended.out


def test_what_could_not_be_moved_is_told_with_exit_code_3(team: Team, archive: Path, tmp_path: Path) -> None:
    namespace = make_organization(team, "harbour")
    clone = tmp_path / "clone"
    team.person.git("init", "-q", "-b", "main", clone)
    team.person.git("-C", clone, "commit", "-q", "--allow-empty", "-m", "another history")
    team.person.matou("repo", "import", clone, f"{namespace}/shop", "--private", "--root", team.root)

    ended = migrate(team, archive, namespace, code=3)

    assert "acme/web/shop -> harbour/shop: not moved" in ended.out
    assert "\n    give this repository another place with --map FILE" in ended.out
    assert "nothing was sent" in ended.out


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_a_pattern_that_no_repository_matches_is_a_usage_error(
    team: Team, archive: Path, option: tuple[str, ...]
) -> None:
    ended = migrate(team, archive, make_organization(team, "harbour"), "--include", "shopp", *option, code=2)

    assert "no repository matches 'shopp'" in ended.err
    assert "'shop'" in ended.err


def test_a_platform_that_nothing_can_be_moved_to_is_told_with_those_that_are(team: Team, archive: Path) -> None:
    ended = team.person.matou("migrate", archive, "--to", "elsewhere", "--url", team.url, "--namespace", "x", code=2)

    assert "cnb, coding, gitcode, gitea, gitee, github, gitlab, matou" in ended.err


def test_without_a_token_the_variable_is_named(team: Team, archive: Path) -> None:
    ended = team.person.matou("migrate", archive, "--to", "matou", "--url", team.url, "--namespace", "x", code=2)

    assert "MATOU_MATOU_TOKEN" in ended.err


def test_a_namespace_that_is_not_there_is_told_before_anything_is_made(team: Team, archive: Path) -> None:
    ended = migrate(team, archive, "nowhere", code=2)

    assert ended.out == ""
    assert not (archive / "migrations.jsonl").exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("acme/tools/small", "matou org create tools --parent acme --owner USER"),
        ("tools/small", "matou org create tools --owner USER"),
    ],
)
def test_an_import_into_a_namespace_that_is_not_there_names_what_makes_it(
    team: Team, tmp_path: Path, path: str, said: str
) -> None:
    team.person.git("init", "-q", tmp_path / "small")

    ended = team.person.matou("repo", "import", tmp_path / "small", path, "--root", team.root, code=2)

    assert said in ended.err


@pytest.mark.parametrize("command", ["backup", "migrate"])
def test_an_address_that_is_no_open_api_is_told_with_what_it_ends_in(
    team: Team, archive: Path, tmp_path: Path, command: str
) -> None:
    words = {
        "backup": ("backup", "coding", "--to", tmp_path / "another"),
        "migrate": ("migrate", archive, "--to", "coding", "--namespace", "acme/x"),
    }

    ended = team.person.matou(*words[command], "--url", f"{team.url}/x", code=2, MATOU_CODING_TOKEN=team.token)

    assert "/open-api" in ended.err


def test_a_migration_to_where_nobody_answers_says_so_at_once_as_a_backup_does(team: Team, archive: Path) -> None:
    words = ("--to", "matou", "--url", "http://127.0.0.1:1", "--namespace", "x")

    ended = team.person.matou("migrate", archive, *words, code=6, MATOU_MATOU_TOKEN=team.token)

    assert "nothing listens there\ncheck the address" in ended.err
    assert "asking again" not in ended.err
    assert "request_repeated" not in ended.err + ended.out


def test_a_line_of_the_map_that_fits_nothing_is_told(team: Team, archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "map.csv"
    file.write_text("acme/wbe/shop,store\n")

    ended = migrate(team, archive, make_organization(team, "harbour"), "--map", file, "--dry-run")

    assert "the map says where 'acme/wbe/shop' goes" in ended.out
