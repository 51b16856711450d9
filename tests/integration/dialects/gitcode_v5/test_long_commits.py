"""A commit whose text is longer than 1 MiB stands in every list, and its branch can be used."""

from base64 import b64encode

from support.commits import long_commit_in
from support.gitcode_server import Harbour

FERRY = "/repos/harbour/ferry"


def test_branches_are_listed_with_one_of_a_very_long_commit(harbour: Harbour) -> None:
    git_dir = harbour.forge.git_dir(harbour.repository())
    tip = long_commit_in(git_dir, branch="long")

    lists = [harbour.ask("GET", f"{FERRY}/branches", params=order) for order in ({}, {"sort": "updated"})]
    one = harbour.ask("GET", f"{FERRY}/branches/long")
    history = harbour.ask("GET", f"{FERRY}/commits", params={"sha": "long"})

    assert [{branch["name"] for branch in answer.json()} for answer in lists] == [{"main", "long"}] * 2
    assert (one.json()["commit"]["id"], one.json()["commit"]["title"]) == (tip, "Long")
    assert [commit["sha"] for commit in history.json()] == [tip]


def test_a_file_can_be_written_upon_a_very_long_commit(harbour: Harbour) -> None:
    long_commit_in(harbour.forge.git_dir(harbour.repository()), branch="long")
    body = {"content": b64encode(b"x").decode(), "message": "file", "branch": "long"}

    written = harbour.ask("POST", f"{FERRY}/contents/f.txt", json=body)

    assert written.status_code == 201
    assert harbour.git("ls-tree", "--name-only", "long") == "f.txt\n"
