"""Where namespaces stand in an archive that are inside one another, and repositories that stand right in a team."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.archive.manifest import SourceLine
from matou.archive.path_registry import PathRegistry
from matou.model.names import NamespacePath
from matou.model.platform import RemoteNamespace, id_of_team
from matou.transfer.backup.archive_paths import MOST_LEVELS, ArchivePaths

SOURCE = SourceLine(platform="git", url="https://git.example", account="captain", team="git.example", team_id="host")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PathRegistry]:
    with PathRegistry(tmp_path, journal=tmp_path / "places.jsonl") as registry:
        yield registry


@pytest.fixture
def paths(registry: PathRegistry) -> ArchivePaths:
    return ArchivePaths.of(registry, SOURCE, team_path=None)


def namespace(id_: str, name: str) -> RemoteNamespace:
    return RemoteNamespace(id_, name, "", "", None, None, archived=False)


def test_a_namespace_that_is_inside_another_stands_inside_it_in_whatever_order_they_are_listed(
    paths: ArchivePaths,
) -> None:
    listed = [namespace("3", "docks/north/quay"), namespace("1", "docks"), namespace("2", "docks/north")]

    placed = {id_: str(path) for id_, path in paths.namespaces(listed).items()}

    assert placed == {
        "1": "git.example/docks",
        "2": "git.example/docks/north",
        "3": "git.example/docks/north/quay",
    }


def test_one_inside_a_namespace_that_nobody_lists_has_a_place_that_stays(
    paths: ArchivePaths,
) -> None:
    inner = namespace("2", "docks/north")

    assert str(paths.namespaces([inner])["2"]) == "git.example/docks/north"
    assert str(paths.namespaces([inner])["2"]) == "git.example/docks/north"


@pytest.mark.parametrize(
    "name", ["../../etc", "a//b", "/a", "a/", "./a", "/".join("a" * (MOST_LEVELS + 1)), "/" * 3000]
)
def test_what_only_looks_like_a_path_is_one_folder(paths: ArchivePaths, name: str) -> None:
    placed = paths.namespace(namespace("1", name))

    assert placed.parent == NamespacePath(("git.example",))


def test_twins_by_case_inside_one_another_are_kept_apart(paths: ArchivePaths) -> None:
    placed = paths.namespaces([namespace("1", "Docks/north"), namespace("2", "docks/north")])

    assert len({str(path).casefold() for path in placed.values()}) == 2


def test_what_stands_right_in_the_team_has_the_place_of_the_team(paths: ArchivePaths) -> None:
    assert paths.namespace(namespace(id_of_team("host"), "")) == NamespacePath(("git.example",))


def test_many_levels_with_long_names_are_one_folder_and_end_no_run(paths: ArchivePaths) -> None:
    listed = [namespace("1", "docks"), namespace("2", "/".join("长" * 60 for _ in range(MOST_LEVELS)))]

    placed = paths.namespaces(listed)

    assert str(placed["1"]) == "git.example/docks"
    assert placed["2"].parent == NamespacePath(("git.example",))
    assert paths.namespace(namespace("3", "/".join("a" * 20 for _ in range(MOST_LEVELS)))).parent is not None
