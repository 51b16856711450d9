"""A commit whose text is longer than 1 MiB stops no list."""

from support.commits import long_commit_in
from support.gitee_server import Client

CODE = "/projects/harbour%2Fferry/repository"


def test_branches_and_tags_are_listed_with_one_of_a_very_long_commit(gitee: Client) -> None:
    tip = long_commit_in(gitee.harbour.forge.git_dir(gitee.harbour.repository()), branch="long")
    gitee.harbour.git("update-ref", "refs/tags/v1", tip)

    branches = gitee.ask("GET", f"{CODE}/branches", person="chen").json()
    tags = gitee.ask("GET", f"{CODE}/tags", person="chen").json()

    assert {branch["name"]: branch["commit"]["title"] for branch in branches}["long"] == "Long"
    assert [tag["commit"]["id"] for tag in tags] == [tip]
