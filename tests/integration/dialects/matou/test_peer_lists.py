"""What one Matou tells another of what there is to copy, and who is told which part of it."""

import re
from typing import Any

import pytest

from matou.forge.access import Scope
from matou.model.refs import RefListing
from matou.server.dialects.matou import PREFIX, ROUTES
from matou.server.dialects.matou.errors import FAILURES
from support.deciding import set_icon
from support.gitcode_server import Harbour
from support.github_story import CONTENT, story
from support.matou_reference import PAGE, page_as_it_should_be
from support.saved_conversation import save

KEPT = "refs/matou/kept/000003/heads/old"


def rows(harbour: Harbour, path: str, person: str | None = "chen", **options: Any) -> Any:
    answer = harbour.ask_site("GET", f"{PREFIX}{path}", person=person, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ferry(harbour: Harbour, person: str) -> Any:
    return next((row for row in rows(harbour, "/repositories", person) if row["path"] == "harbour/ferry"), None)


@pytest.fixture
def saved(harbour: Harbour) -> Harbour:
    """`harbour/ferry` with something kept, and something said around it."""
    repository = harbour.repository("ferry")
    harbour.git("update-ref", KEPT, "main", repository=repository)
    head = harbour.git("rev-parse", "main", repository=repository).strip()
    save(harbour.forge, repository, story(head, harbour.forge.archive.blobs.put_bytes(CONTENT)))
    return harbour


def test_the_page_has_the_tables_that_the_code_has() -> None:
    assert page_as_it_should_be() == PAGE.read_text(encoding="utf-8"), "run tests/support/matou_reference.py"
    assert {row.method for row in ROUTES} == {"GET"}
    assert all(failure.status >= 400 for failure in FAILURES.values())


def test_a_digest_is_that_of_the_refs_as_git_lists_them(saved: Harbour) -> None:
    listed = saved.git("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    refs: Any = {name: oid for oid, name in (line.split() for line in listed)}
    kept: Any = {"refs/kept/000003/heads/old": refs.pop(KEPT)}
    head: Any = "refs/heads/main"

    row = ferry(saved, "chen")

    assert row["refs"] == RefListing(refs, head=head).digest
    assert row["kept"] == RefListing(kept).digest


@pytest.mark.parametrize(
    ("person", "given", "withheld"),
    [
        ("gu", set(), {"code", "metadata"}),
        ("rui", {"refs", "kept"}, {"metadata"}),
        ("mei", {"refs", "kept"}, {"metadata"}),
        ("chen", {"refs", "kept", "metadata"}, set()),
        ("root", {"refs", "kept", "metadata"}, set()),
    ],
)
def test_everybody_is_told_what_they_may_copy(saved: Harbour, person: str, given: set[str], withheld: set[str]) -> None:
    row = ferry(saved, person)

    assert {name for name in ("refs", "kept", "metadata") if name in row} == given
    assert set(row.get("withheld", ())) == withheld


def test_of_a_public_repository_others_are_told_the_refs_alone(saved: Harbour) -> None:
    saved.git("update-ref", KEPT, "main", repository=saved.repository("light"))

    [row] = rows(saved, "/repositories", "xiao")

    assert (row["path"], "refs" in row, row["withheld"]) == ("harbour/light", True, ["kept"])
    assert ferry(saved, "xiao") is None


def test_lists_come_in_pages_and_say_how_many_there_are(harbour: Harbour) -> None:
    answer = harbour.ask_site("GET", f"{PREFIX}/repositories?per_page=1&page=2")

    assert [row["path"] for row in answer.json()] == ["harbour/light"]
    assert answer.headers["x-total-count"] == "2"
    assert [row["path"] for row in rows(harbour, "/namespaces")] == ["chen", "harbour"]


def test_nobody_is_told_anything_and_a_token_no_more_than_it_is_good_for(harbour: Harbour) -> None:
    requests_seen = [("/account", None), ("/repositories", None), ("/namespaces", None)]
    statuses = [harbour.ask_site("GET", f"{PREFIX}{path}", person=person).status_code for path, person in requests_seen]
    narrow = harbour.token("chen", frozenset({Scope.USER_READ}))

    assert statuses == [401, 401, 401]
    assert harbour.ask_site("GET", f"{PREFIX}/repositories", token=narrow).status_code == 403
    assert harbour.ask_site("GET", f"{PREFIX}/namespaces", token=narrow).status_code == 403
    assert rows(harbour, "/account", token=narrow)["login"] == "chen"
    assert harbour.ask_site("POST", f"{PREFIX}/repositories").status_code == 405
    assert harbour.ask_site("GET", f"{PREFIX}/elsewhere").json() == {"message": "there is nothing here"}


def of_ferry(part: str, ending: str) -> str:
    return f"/-/{part}/harbour/ferry.git/{ending}"


@pytest.mark.parametrize(
    ("part", "statuses"),
    [
        ("kept", {None: 401, "xiao": 404, "gu": 403, "rui": 200, "mei": 200, "chen": 200, "root": 200}),
        ("metadata", {None: 401, "xiao": 404, "gu": 403, "rui": 403, "mei": 403, "chen": 200, "root": 200}),
    ],
)
def test_what_was_saved_is_given_to_whom_the_table_of_access_says(
    saved: Harbour, part: str, statuses: dict[str | None, int]
) -> None:
    path = of_ferry(part, "info/refs?service=git-upload-pack")

    assert {person: saved.ask_site("GET", path, person=person).status_code for person in statuses} == statuses


@pytest.mark.parametrize("part", ["kept", "metadata"])
def test_what_is_hidden_answers_as_what_is_missing(saved: Harbour, part: str) -> None:
    there = saved.ask_site("GET", of_ferry(part, "info/refs?service=git-upload-pack"), person="xiao")
    missing = saved.ask_site("GET", f"/-/{part}/harbour/none.git/info/refs?service=git-upload-pack", person="xiao")

    told = [re.sub("'[^']*'|repository|namespace", "…", answer.text) for answer in (there, missing)]
    assert (there.status_code, missing.status_code, told[0]) == (404, 404, told[1])


def test_the_refs_of_each_are_those_and_no_others(saved: Harbour) -> None:
    listed = [
        re.findall(
            rb"refs/[a-z0-9/]+", saved.ask_site("GET", of_ferry(part, "info/refs?service=git-upload-pack")).content
        )
        for part in ("kept", "metadata")
    ]

    assert listed == [[b"refs/kept/000003/heads/old"], [b"refs/heads/main", b"refs/heads/main"]]
    assert saved.ask_site("GET", of_ferry("kept", "info/refs?service=git-receive-pack")).status_code == 404
    assert saved.ask_site("POST", of_ferry("metadata", "git-receive-pack")).status_code == 400


def test_a_file_is_given_that_the_metadata_names_and_no_other_blob(saved: Harbour) -> None:
    named = saved.forge.archive.blobs.put_bytes(CONTENT)
    other = saved.forge.archive.blobs.put_bytes(b"somebody else's")
    wanted = [{"oid": named, "size": len(CONTENT)}, {"oid": other, "size": 15}, {"oid": "x", "size": 1}]

    batch = saved.ask_site(
        "POST", of_ferry("metadata", "info/lfs/objects/batch"), json={"operation": "download", "objects": wanted}
    ).json()["objects"]

    assert [sorted(one) for one in batch] == [["actions", "oid", "size"], *[["error", "oid", "size"]] * 2]
    link = batch[0]["actions"]["download"]["href"].removeprefix("http://code.example.org")
    assert saved.ask_site("GET", link).content == CONTENT
    assert saved.ask_site("GET", link, person="rui").status_code == 403
    assert saved.ask_site("GET", link.replace(named, other)).status_code == 404
    assert saved.ask_site("GET", of_ferry("kept", f"info/lfs/objects/{named}")).status_code == 404
    upload = {"operation": "upload", "objects": wanted[:1]}
    assert saved.ask_site("POST", of_ferry("metadata", "info/lfs/objects/batch"), json=upload).status_code == 404


def test_an_icon_is_given_to_whoever_sees_the_namespace_by_its_own_digest(saved: Harbour) -> None:
    """A digest alone opens no blob: not that of a file of somebody else's."""
    picture, secret = b"\x89PNG tide", saved.forge.archive.blobs.put_bytes(b"somebody else's")
    set_icon(saved.forge, saved.organization, picture)
    digest = next(row["icon"] for row in rows(saved, "/namespaces") if row["path"] == "harbour")
    place = f"{PREFIX}/icon?namespace=harbour&digest="

    shown = saved.ask_site("GET", f"{place}{digest}", person="chen")

    assert (shown.content, shown.headers["content-type"]) == (picture, "application/octet-stream")
    assert saved.ask_site("GET", f"{place}{secret}", person="chen").status_code == 404
    assert saved.ask_site("GET", f"{PREFIX}/icon?namespace=nobody&digest={digest}", person="chen").status_code == 404
    assert saved.ask_site("GET", f"{place}{digest}", person=None).status_code == 401


@pytest.mark.parametrize(("person", "status", "withheld"), [("chen", 403, ["runs"]), ("root", 200, [])])
def test_the_runs_are_for_administrators(saved: Harbour, person: str, status: int, withheld: list[str]) -> None:
    saved.forge.archive.begin_run()

    assert saved.ask_site("GET", f"{PREFIX}/runs", person=person).status_code == status
    assert rows(saved, "/account", person)["withheld"] == withheld


def test_an_administrators_token_for_some_things_is_not_told_of_runs(saved: Harbour) -> None:
    saved.forge.archive.begin_run()
    narrow = saved.token("root", frozenset({Scope.REPOSITORY_READ, Scope.PROJECT_READ}))

    assert saved.ask_site("GET", f"{PREFIX}/runs", token=narrow).status_code == 403
