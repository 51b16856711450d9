"""`matou backup --by-workers`: the repositories of a run are saved by workers, as one process would have saved them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.plain_git_server import PlainGitServer, running_plain_git_server
from support.program import Person
from support.scripted_source import commit
from support.worker_backups import back_up, configured, fill, manifest, workers


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PlainGitServer]:
    with running_plain_git_server() as plain:
        fill(plain, tmp_path, 5)
        yield plain


def test_workers_save_what_one_process_saves_and_say_the_same(
    server: PlainGitServer, person: Person, tmp_path: Path
) -> None:
    one, several = tmp_path / "one", tmp_path / "several"
    alone, shared = (configured(tmp_path / f"{root.name}-toml", server, root, "/team/a.git") for root in (one, several))
    back_up(person, alone, code=3)
    back_up(person, shared, code=3)
    commit(tmp_path / "boat-3.git", "refs/heads/main", {"new": "3"})

    by_one = back_up(person, alone, code=3)
    with workers(person, several, shared, 2):
        by_several = back_up(person, shared, "--by-workers", code=3)

    assert manifest(several, 2) == manifest(one, 2)
    same = ("outcomes", "problems", "notes", "kept", "exit_code")
    assert {name: by_several.get(name) for name in same} == {name: by_one.get(name) for name in same}
    done = json.loads(person.matou("jobs", "list", "--state", "done", "--json", "--root", several).out)
    assert {job["task"] for job in done} == {"save-repositories"}
    assert "hunter2" not in json.dumps(done)
    person.matou("verify", several)


def test_it_is_about_sources_of_a_file(person: Person, tmp_path: Path) -> None:
    ended = person.matou("backup", "git", "--url", "https://a", "--to", tmp_path / "a", "--by-workers", code=2)

    assert "--by-workers is about a file of sources" in ended.err
