"""What came with a repository when it was made came at that time, as what is pushed does."""

from typing import Any

import pytest

from support.gitcode_server import Harbour


@pytest.mark.parametrize(
    ("body", "is_pushed"),
    [({}, False), ({"auto_init": True}, True), ({"license_template": "MIT"}, True)],
    ids=["empty", "a first commit", "a template"],
)
def test_a_repository_that_begins_with_a_commit_was_pushed_then(
    harbour: Harbour, body: dict[str, Any], *, is_pushed: bool
) -> None:
    made = harbour.ask("POST", "/user/repos", json={"name": "new", **body}).json()
    shown = harbour.ask("GET", "/repos/chen/new").json()

    assert made["pushed_at"] == shown["pushed_at"] == (shown["created_at"] if is_pushed else None)


def test_a_fork_was_pushed_when_it_was_made(harbour: Harbour) -> None:
    harbour.add_repository("empty")

    of_history = harbour.ask("POST", "/repos/harbour/ferry/forks", json={"organization": "", "path": "mine"}).json()
    of_nothing = harbour.ask("POST", "/repos/harbour/empty/forks").json()

    assert [of_history["pushed_at"], of_nothing["pushed_at"]] == [of_history["created_at"], None]
    assert of_history["pushed_at"] is not None


def test_what_is_empty_was_pushed_with_the_first_push(harbour: Harbour) -> None:
    harbour.add_repository("empty")
    body = {"content": "eA==", "message": "first"}

    harbour.ask("POST", "/repos/harbour/empty/contents/x", json=body)

    assert harbour.ask("GET", "/repos/harbour/empty").json()["pushed_at"] is not None
