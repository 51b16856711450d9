"""Repositories are to go where a platform has no such namespace: by commands, in each dialect."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Ended, serving
from support.team import Team, make_person

MAKES = {"matou": "acme/{}", "coding": "{}"}
MAKES_NOT = {
    "matou": ("harbour", "matou org create"),
    "gitcode": ("harbour", "GitCode's API makes no organizations"),
    "gitee": ("harbour", "Gitee's API v3 reaches nothing but 'li'"),
}
OTHER_TEAM = ("other/harbour", "this token's projects are in 'acme'")


@pytest.fixture(scope="module")
def team(made_team: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """One server for all: what a test makes has a name of its own."""
    template, token = made_team
    folder = tmp_path_factory.mktemp("namespaces")
    person = make_person(folder / "home")
    root = shutil.copytree(template, folder / "server")
    with serving(person, root) as url:
        yield Team(person, url, token, root)


@pytest.fixture(scope="module")
def backed_up(team: Team, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("backed-up") / "archive"
    team.person.matou("backup", "coding", "--url", team.api, "--to", archive, MATOU_CODING_TOKEN=team.token)
    return archive


@pytest.fixture
def archive(backed_up: Path, tmp_path: Path) -> Path:
    return shutil.copytree(backed_up, tmp_path / "archive")


def migrate(team: Team, archive: Path, platform: str, namespace: str, *options: str | Path, code: int = 0) -> Ended:
    url = {"coding": team.api, "gitee": f"{team.url}/api/v3"}.get(platform, team.url)
    words = ("--to", platform, "--url", url, "--namespace", namespace, *options)
    token = {f"MATOU_{platform.upper()}_TOKEN": team.token}
    return team.person.matou("migrate", archive, *words, code=code, **token)


def changed(team: Team, archive: Path, name: str) -> list[Path]:
    """What there would be if anything had been done."""
    return [path for path in (archive / "migrations.jsonl", team.root / "repositories/acme" / name) if path.exists()]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
@pytest.mark.parametrize(("platform", "form"), MAKES.items())
def test_what_could_be_made_is_not_made_unasked_and_the_option_is_named(
    team: Team, archive: Path, platform: str, form: str, options: tuple[str, ...]
) -> None:
    namespace = form.format("unasked")

    ended = migrate(team, archive, platform, namespace, *options, code=2)

    assert f"the target has no '{namespace}'" in ended.err
    assert "--create-namespaces" in ended.err
    assert changed(team, archive, "unasked") == []


@pytest.mark.parametrize(("platform", "form"), MAKES.items())
def test_a_dry_run_says_that_it_would_be_made_and_makes_nothing(
    team: Team, archive: Path, platform: str, form: str
) -> None:
    namespace = form.format("planned")

    ended = migrate(team, archive, platform, namespace, "--create-namespaces", "--dry-run")

    assert ended.out.startswith(f"{namespace}: would be created\n")
    assert f"acme/web/shop -> {namespace}/shop: would be created" in ended.out
    assert changed(team, archive, "planned") == []


@pytest.mark.parametrize(("platform", "form"), MAKES.items())
def test_it_is_made_where_that_is_asked_for_and_is_there_the_next_time(
    team: Team, archive: Path, platform: str, form: str
) -> None:
    namespace = form.format(f"made-by-{platform}")

    first = json.loads(migrate(team, archive, platform, namespace, "--create-namespaces", "--json").out)
    second = json.loads(migrate(team, archive, platform, namespace, "--json").out)

    assert (first["new_namespaces"], first["outcomes"]) == ([namespace], {"moved": 3})
    assert (second["new_namespaces"], second["outcomes"]) == ([], {"unchanged": 3})
    assert (team.root / f"repositories/acme/made-by-{platform}/shop.git").is_dir()


@pytest.mark.parametrize("options", [(), ("--create-namespaces",)])
@pytest.mark.parametrize(("platform", "place"), [*MAKES_NOT.items(), ("matou", OTHER_TEAM), ("coding", OTHER_TEAM)])
def test_what_cannot_be_made_is_told_with_the_reason_before_anything_is_changed(
    team: Team, archive: Path, platform: str, place: tuple[str, str], options: tuple[str, ...]
) -> None:
    namespace, why = place

    ended = migrate(team, archive, platform, namespace, *options, code=2)

    assert f"'{namespace}' is not at the target, or not for this account, and cannot be made" in ended.err
    assert why in ended.err
    assert ("matou org create NAME --parent" in ended.err) == (platform == "matou" and "/" in namespace)
    assert ("matou org create NAME --owner" in ended.err) == (platform == "matou" and "/" not in namespace)
    assert changed(team, archive, "harbour") == []


def test_namespaces_of_the_map_are_made_too_and_one_that_cannot_be_ends_it_first(
    team: Team, archive: Path, tmp_path: Path
) -> None:
    file = tmp_path / "map.csv"
    file.write_text("web/notes,acme/of-the-map/notes\n")
    words = ("--create-namespaces", "--json", "--map", file)

    refused = migrate(team, archive, "matou", "nowhere", *words, code=2)
    made = json.loads(migrate(team, archive, "matou", "acme/for-the-rest", *words).out)

    assert "matou org create" in refused.err
    assert sorted(made["new_namespaces"]) == ["acme/for-the-rest", "acme/of-the-map"]
    assert (team.root / "repositories/acme/of-the-map/notes.git").is_dir()
