"""`matou du`, `matou forget` and `matou prune` with the installed program: a table for people, JSON for programs."""

import json
import shutil
from pathlib import Path

import pytest

from support.archive_fixture import unpack
from support.program import Person, serving

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


def test_du_of_a_damaged_repository_tells_the_rest_and_ends_as_damage_does(archive: Path, person: Person) -> None:
    shutil.rmtree(archive / "repositories" / "team" / "shop" / "api.git" / "objects")

    ended = person.matou("du", archive, code=5)

    assert "in all" in ended.out
    assert "team/shop/api" in ended.err


def test_du_of_a_path_that_is_not_there_says_so(archive: Path, person: Person) -> None:
    ended = person.matou("du", archive, "team/shop/apu", code=2)

    assert "team/shop/apu" in ended.err


def test_forget_says_what_would_go_and_with_yes_it_goes(archive: Path, person: Person) -> None:
    """Of the fixture's runs 3 is the newest of its source that ended."""
    policy = ("--keep-last", "1")
    listed = person.matou("runs", archive).out
    said = person.matou("forget", archive, *policy)
    assert person.matou("runs", archive).out == listed
    planned = json.loads(person.matou("forget", archive, *policy, "--json").out)

    done = person.matou("forget", archive, *policy, "--yes")

    assert planned["dry_run"]
    assert planned["forgotten"]
    assert "nothing was changed" in said.err
    assert "nothing was deleted yet" in done.err
    for run in planned["forgotten"]:
        ended = person.matou("show", archive, "--at", str(run), code=2)
        assert f"run {run} was forgotten at" in ended.err
        assert "--keep-last 1" in ended.err
    assert person.matou("runs", archive).out.count("forgotten") == len(planned["forgotten"])
    person.matou("verify", archive)


def test_forget_without_a_policy_is_refused(archive: Path, person: Person) -> None:
    assert "--keep-daily" in person.matou("forget", archive, code=2).err
    assert "90d" in person.matou("forget", archive, "--keep-within", "90", code=2).err


def test_forget_and_prune_in_one_go_and_the_archive_is_whole(archive: Path, person: Person) -> None:
    foreseen = json.loads(person.matou("forget", archive, "--keep-last", "1", "--json").out)
    person.matou("forget", archive, "--keep-last", "1", "--prune")
    assert json.loads(person.matou("prune", archive, "--json").out)["blobs"] == 0

    done = person.matou("forget", archive, "--keep-last", "1", "--yes", "--prune")

    assert foreseen["forgotten"]
    assert "were freed" in done.err
    person.matou("verify", archive, "--all")
    again = json.loads(person.matou("prune", archive, "--yes", "--json").out)
    assert (again["kept_refs"], again["blobs"], again["freed_bytes"]) == ([], 0, 0)


def test_prune_keeps_away_while_a_server_has_the_archive_open(archive: Path, person: Person) -> None:
    with serving(person, archive):
        refused = person.matou("prune", archive, "--yes", code=6)
        person.matou("prune", archive)
        person.matou("forget", archive, "--keep-last", "1", "--prune", "--yes", code=6)

    assert "a server has" in refused.err
    assert "forgotten" not in person.matou("runs", archive).out
    person.matou("prune", archive, "--yes")
