"""What GitLab has below a branch or a commit, and v3 here has not, says nothing of that branch or commit."""

import pytest

from support.gitee_server import Client

CODE = "/projects/harbour%2Fferry/repository"


@pytest.mark.parametrize("revision", ["{tip}", "main", "feature/x", "feature%2Fx"])
@pytest.mark.parametrize("below", ["diff", "comments", "statuses", "blob?filepath=README.md"])
def test_what_is_not_had_of_a_commit_does_not_say_that_the_commit_is_missing(
    gitee: Client, revision: str, below: str
) -> None:
    gitee.harbour.git("update-ref", "refs/heads/feature/x", "refs/heads/main")
    commit = f"{CODE}/commits/{revision.format(tip=gitee.harbour.git('rev-parse', 'main').strip())}"

    answer = gitee.ask("GET", f"{commit}/{below}", person="chen")

    assert (answer.status_code, answer.json()) == (404, {"error": "404 Not Found"})
    assert gitee.ask("GET", commit, person="chen").status_code == 200


@pytest.mark.parametrize("below", ["protect", "unprotect"])
def test_nothing_is_below_a_branch(gitee: Client, below: str) -> None:
    gitee.harbour.git("update-ref", f"refs/heads/ui/{below}", "refs/heads/main")

    assert gitee.ask("PUT", f"{CODE}/branches/ui/{below}", person="chen").status_code == 404
    assert gitee.ask("GET", f"{CODE}/branches/ui%2F{below}", person="chen").json()["name"] == f"ui/{below}"
