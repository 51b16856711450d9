"""Tags, branches and lists of repositories are remembered as they went out: until what they tell is another thing.

A server that remembers must say at once what one that does not would say; so each way in which a list changes is
tried after the list was asked for, and its answer compared with that of a new server, which remembers nothing.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest

from matou.db.memberships import Role
from matou.forge.access import ALL_SCOPES, Identity, Scope
from matou.forge.forge import Forge
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing
from matou.server.api.response_cache import at_database
from matou.server.api.route import Route, plain_route
from matou.server.app import build_app
from matou.server.dialects import gitcode_v5
from support.deciding import (
    add_member,
    archive_repository,
    create_branch,
    create_tag,
    delete_branch,
    delete_tag,
    describe_repository,
    ref_listing,
    refs_state,
    rename_repository,
    set_active,
    set_default_branch,
)
from support.deciding import remove_namespace_member as remove_member
from support.gitcode_server import Harbour

TAGS, BRANCHES = "/repos/harbour/ferry/tags", "/repos/harbour/ferry/branches"
OWN, OF_ORGANIZATION, OF_USER = "/user/repos", "/orgs/harbour/repos", "/users/chen/repos"
LISTS = (TAGS, BRANCHES, OWN, OF_ORGANIZATION, OF_USER)
PEOPLE = ("chen", "dora", "xiao", None)


def settle(harbour: Harbour) -> None:
    """Refs that changed a moment ago have no state yet that could be told from the next one's."""
    while refs_state(harbour.forge, harbour.repository()) is None:
        time.sleep(0.01)
        ref_listing(harbour.forge, harbour.repository())


def without_memory(harbour: Harbour) -> Harbour:
    """The same archive behind another server, which has remembered nothing."""
    forge = Forge(harbour.forge.database, harbour.forge.archive, harbour.clock.now)
    return Harbour(forge, harbour.clock, harbour.tokens)


def everything(harbour: Harbour) -> dict[tuple[str, str | None], tuple[int, object]]:
    answers = {(path, person): harbour.ask("GET", path, person=person) for path in LISTS for person in PEOPLE}
    return {key: (answer.status_code, told(answer.json())) for key, answer in answers.items()}


def told(answer: object) -> object:
    """Without the number that each failure has of its own."""
    return {**answer, "trace_id": ""} if isinstance(answer, dict) else answer


def identity(harbour: Harbour) -> Identity:
    return Identity(harbour.people["chen"], ALL_SCOPES)


CHANGES: dict[str, Callable[[Harbour], object]] = {
    "a tag made": lambda h: create_tag(h.forge, identity(h), h.repository(), "v2", start="main", message="two"),
    "a tag deleted": lambda h: delete_tag(h.forge, identity(h), h.repository(), "v1"),
    "a tag moved behind our back": lambda h: h.git("tag", "-f", "v1", "main~1"),
    "a branch made": lambda h: create_branch(h.forge, identity(h), h.repository(), "new", start="main"),
    "a branch deleted": lambda h: delete_branch(h.forge, identity(h), h.repository(), "topic"),
    "a commit behind our back": lambda h: h.commit({"x": b"x"}, "more", at=1_700_200_000),
    "another default branch": lambda h: set_default_branch(h.forge, h.repository(), "topic"),
    "another HEAD behind our back": lambda h: h.git("symbolic-ref", "HEAD", "refs/heads/topic"),
    "another description": lambda h: describe_repository(h.forge, h.repository(), "another"),
    "made public": lambda h: h.ask("PATCH", "/repos/harbour/ferry", json={"private": False}).raise_for_status(),
    "made private": lambda h: h.ask("PATCH", "/repos/harbour/light", json={"private": True}).raise_for_status(),
    "renamed": lambda h: rename_repository(h.forge, h.repository(), "barge"),
    "archived": lambda h: archive_repository(h.forge, h.repository()),
    "deleted": lambda h: h.ask("DELETE", "/repos/harbour/light").raise_for_status(),
    "one more": lambda h: h.add_repository("third"),
    "a member who came": lambda h: add_member(h.forge, h.organization, h.people["xiao"], Role.REPORTER),
    "a member who may less": lambda h: add_member(h.forge, h.organization, h.people["dora"], Role.GUEST),
    "a member who went": lambda h: remove_member(h.forge, h.organization, h.people["dora"]),
    "a star": lambda h: h.ask("PUT", "/user/starred/harbour/light", person="xiao").raise_for_status(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_told_at_once(harbour: Harbour, change: str) -> None:
    harbour.git("tag", "v1", "main")
    harbour.git("branch", "topic", "main~1")
    settle(harbour)
    before = everything(harbour)
    assert everything(harbour) == before

    CHANGES[change](harbour)

    anew = everything(without_memory(harbour))
    assert anew != before
    assert everything(harbour) == anew


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_nothing_has_changed_is_not_made_again(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    settle(harbour)
    first = harbour.ask("GET", path)
    made: list[object] = []
    monkeypatch.setattr("matou.server.api.endpoint.Api._call", lambda *given: made.append(given))

    again = harbour.ask("GET", path)

    assert made == []
    for answer in (first, again):
        del answer.headers["x-request-id"]
    assert (again.status_code, again.content, again.headers) == (200, first.content, first.headers)


def with_rows(harbour: Harbour, *rows: Route) -> Harbour:
    app = build_app(harbour.forge)
    app.router.routes[:0] = gitcode_v5.routes(app.state.server_state, table=rows)
    harbour.app = app
    return harbour


def test_what_one_is_told_is_told_to_nobody_else(harbour: Harbour) -> None:
    """Nor to the same person with a token that is good for less."""
    made: list[Identity] = []

    def tell(call: RequestContext, _: Nothing) -> dict[str, int]:
        made.append(call.identity)
        return {"number": len(made)}

    with_rows(harbour, plain_route("GET", "/told", Nothing, tell, answer=dict, scopes=(), cache_key=at_database))
    tokens = [harbour.token("chen"), harbour.token("dora"), harbour.token("chen", frozenset({Scope.USER_READ}))]
    asked: list[dict[str, Any]] = [*({"token": token} for token in tokens), {"person": None}]

    first = [harbour.ask("GET", "/told", **who).json()["number"] for who in asked]
    again = [harbour.ask("GET", "/told", **who).json()["number"] for who in asked]

    assert (first, again) == ([1, 2, 3, 4], [1, 2, 3, 4])


def test_a_refused_token_is_told_nothing_that_is_remembered(harbour: Harbour) -> None:
    token = harbour.token("dora")
    assert harbour.ask("GET", OWN, person="dora").status_code == 200

    set_active(harbour.forge, harbour.people["dora"], active=False)

    assert harbour.ask("GET", OWN, token=token).status_code == 401


def test_what_changes_while_an_answer_is_made_is_not_remembered(harbour: Harbour) -> None:
    """It changes back: the answer that was made in between is not the one of then."""
    state = ["a"]

    def tell(_: RequestContext, __: Nothing) -> dict[str, str]:
        state[0] = "b" if len(state) == 1 else state[0]
        state.append("asked")
        return {"state": state[0]}

    with_rows(
        harbour, plain_route("GET", "/told", Nothing, tell, answer=dict, scopes=(), cache_key=lambda *_: state[0])
    )
    first = harbour.ask("GET", "/told").json()
    state[0] = "a"

    assert (first, harbour.ask("GET", "/told").json()) == ({"state": "b"}, {"state": "a"})


def test_nothing_is_remembered_of_a_database_that_does_not_tell_what_was_written(
    harbour_on_postgresql: Harbour,
) -> None:
    harbour = harbour_on_postgresql
    before = harbour.ask("GET", OWN).json()

    describe_repository(harbour.forge, harbour.repository(), "another")

    assert [row["description"] for row in before] != [row["description"] for row in harbour.ask("GET", OWN).json()]
