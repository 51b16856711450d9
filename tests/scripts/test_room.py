"""`matou du` with the installed program: a table for people, JSON for programs."""

import json
from pathlib import Path

import pytest

from support.archive_fixture import unpack
from support.program import Person

ARCHIVES = Path(__file__).parents[1] / "data" / "archives"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return unpack(ARCHIVES / "format-2-metadata.tar.gz", tmp_path)


def test_du_tells_people_of_each_namespace_and_repository_and_of_the_whole(archive: Path, person: Person) -> None:
    lines = person.matou("du", archive).out.splitlines()

    rows = {line.split()[0]: line for line in lines if line.startswith("team/")}
    assert {"team/", "team/shop/", "team/shop/api"} <= rows.keys()
    assert rows["team/shop/api"].endswith("81 B")
    assert any(line.startswith("in all") and "are free" in line for line in lines)


def test_du_of_one_repository_as_json(archive: Path, person: Person) -> None:
    told = json.loads(person.matou("du", archive, "team/shop/api", "--json").out)

    (api,) = told["repositories"]
    parts = ("git_bytes", "lfs_bytes", "metadata_bytes", "file_bytes")
    assert api["bytes"] == sum(api[part] for part in parts)
    assert (api["kept_refs_bytes"], api["lfs_bytes"]) == (368, 260)
    assert told["archive"]["bytes"] > api["bytes"]


def test_du_of_a_path_that_is_not_there_says_so(archive: Path, person: Person) -> None:
    ended = person.matou("du", archive, "team/shop/apu", code=2)

    assert "team/shop/apu" in ended.err
