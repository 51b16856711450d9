"""Ids cut short stand for a commit wherever a revision does; and find nothing that is hidden."""

import io
import zipfile
from collections import defaultdict

import pytest

from support.gitcode_server import Harbour
from support.gitee_server import Client

FERRY = "/repos/harbour/ferry"
V3 = "/projects/harbour%2Fferry/repository"


def many_commits(harbour: Harbour, ref: str) -> list[str]:
    """A line of a thousand, oldest first, whose ids are always the same: two of them begin alike in 4 digits."""
    stream = [f"commit {ref}\ncommitter C <c@example.org> {1_600_000_000 + at} +0000\ndata 0\n" for at in range(1_000)]
    harbour.git("fast-import", "--quiet", stdin="".join(stream).encode())
    return harbour.git("rev-list", "--reverse", ref).split()


def twins(commits: list[str]) -> tuple[str, str]:
    """The first two that begin alike, the older one first."""
    alike = defaultdict(list)
    for commit in commits:
        alike[commit[:4]].append(commit)
    return next((row[0], row[1]) for row in alike.values() if len(row) > 1)


def first_commit(harbour: Harbour) -> str:
    return harbour.git("rev-parse", "main~1").strip()


@pytest.mark.parametrize("digits", [7, 39])
@pytest.mark.parametrize(
    "path",
    [
        "/commits/{id}",
        "/commits?sha={id}",
        "/contents/src/main.c?ref={id}",
        "/contents?ref={id}",
        "/raw/src/main.c?ref={id}",
        "/git/trees/{id}?recursive=1",
        "/file_list?ref_name={id}",
        "/commit/{id}/diff",
        "/compare/{id}...main",
        "/compare/main...{id}",
    ],
)
def test_v5_takes_an_id_cut_short_where_it_takes_a_whole_one(harbour: Harbour, path: str, digits: int) -> None:
    commit = first_commit(harbour)
    by_whole = harbour.ask("GET", FERRY + path.format(id=commit))

    answers = [harbour.ask("GET", FERRY + path.format(id=commit[:digits])) for _ in range(2)]
    shouted = harbour.ask("GET", FERRY + path.format(id=commit[:digits].upper()))

    assert by_whole.status_code == 200
    for answer, said in (
        (answers[0], commit[:digits]),
        (answers[1], commit[:digits]),
        (shouted, commit[:digits].upper()),
    ):
        assert answer.status_code == 200
        assert answer.text.replace(f"={said}", f"={commit}").replace(f"/{said}/", f"/{commit}/") == by_whole.text


def test_v5_begins_a_branch_a_tag_and_an_archive_at_an_id_cut_short(harbour: Harbour) -> None:
    commit = first_commit(harbour)

    branch = harbour.ask("POST", f"{FERRY}/branches", json={"branch_name": "b", "refs": commit[:7]})
    tag = harbour.ask("POST", f"{FERRY}/tags", json={"tag_name": "t", "refs": commit[:7]})
    archive = harbour.ask("GET", f"{FERRY}/zipball?ref={commit[:7]}")

    assert (branch.status_code, tag.status_code, archive.status_code) == (201, 201, 200)
    assert harbour.git("rev-parse", "b", "t").split() == [commit, commit]
    with zipfile.ZipFile(io.BytesIO(archive.content)) as packed:
        name = next(name for name in packed.namelist() if name.endswith("main.c"))
        assert packed.read(name) == b"int main;\n"


def test_v3_takes_them(harbour: Harbour) -> None:
    gitee, commit = Client(harbour), first_commit(harbour)

    shown = gitee.ask("GET", f"{V3}/commits/{commit[:11]}", person="chen").json()
    listed = gitee.ask("GET", f"{V3}/commits?ref_name={commit[:7]}", person="chen").json()
    file = gitee.ask("GET", f"{V3}/files?file_path=src/main.c&ref={commit[:7]}", person="chen").json()

    assert (shown["id"], [row["id"] for row in listed], file["commit_id"]) == (commit, [commit], commit)


def test_an_ambiguous_one_is_refused(harbour: Harbour) -> None:
    one, other = twins(many_commits(harbour, "refs/heads/deep"))

    answer = harbour.ask("GET", f"{FERRY}/commits/{one[:4]}")
    in_v3 = Client(harbour).ask("GET", f"{V3}/commits/{one[:4]}", person="chen")

    assert one[:4] == other[:4]
    assert (answer.status_code, answer.json()["error_code_name"]) == (409, "CONFLICT")
    assert answer.json()["message"] == f"{one[:4]} is the beginning of 2 commit ids"
    assert in_v3.status_code == 409


def test_what_is_hidden_is_neither_found_nor_makes_another_ambiguous(harbour: Harbour) -> None:
    older, newer = twins(many_commits(harbour, "refs/matou/kept/000001/heads/deep"))
    hidden = [harbour.ask("GET", f"{FERRY}/commits/{name[:digits]}") for name in (older, newer) for digits in (4, 12)]
    harbour.git("update-ref", "refs/heads/old", older)

    assert {answer.status_code for answer in hidden} == {400}
    assert {answer.json()["message"] for answer in hidden} == {"404 Not Found Commit"}
    assert harbour.ask("GET", f"{FERRY}/commits/{older[:4]}").json()["sha"] == older
    assert harbour.ask("GET", f"{FERRY}/commits/{newer[:12]}").status_code == 400
    assert harbour.ask("GET", f"{FERRY}/commits/{newer}").json()["sha"] == newer


def test_what_was_found_is_not_found_once_nothing_reaches_it(harbour: Harbour) -> None:
    harbour.git("update-ref", "refs/heads/gone", harbour.git("commit-tree", "-m", "x", "main^{tree}").strip())
    name = harbour.git("rev-parse", "gone").strip()
    found = harbour.ask("GET", f"{FERRY}/commits/{name[:8]}")

    harbour.git("update-ref", "-d", "refs/heads/gone")

    assert found.json()["sha"] == name
    assert harbour.ask("GET", f"{FERRY}/commits/{name[:8]}").status_code == 400


@pytest.mark.parametrize("folder", ["refs/heads/", "refs/tags/"])
def test_a_branch_or_tag_of_that_name_goes_first(harbour: Harbour, folder: str) -> None:
    tip, first = harbour.git("rev-parse", "main", "main~1").split()
    harbour.git("update-ref", f"{folder}{first[:7]}", tip)

    assert harbour.ask("GET", f"{FERRY}/commits/{first[:7]}").json()["sha"] == tip
    assert harbour.ask("GET", f"{FERRY}/commits/{first[:8]}").json()["sha"] == first


@pytest.mark.parametrize("revision", ["{id3}", "{tree}", "{blob}", "0000000", "{id7}^", "{id7}..main"])
def test_nothing_else_is_one(harbour: Harbour, revision: str) -> None:
    first, tree, blob = harbour.git("rev-parse", "main~1", "main^{tree}", "main:README.md").split()
    requests_seen = revision.format(id3=first[:3], id7=first[:7], tree=tree[:12], blob=blob[:12])

    assert harbour.ask("GET", f"{FERRY}/commits", params={"sha": requests_seen}).status_code == 400


def test_all_keeps_standing_where_a_ref_names_what_is_no_commit(harbour: Harbour) -> None:
    first = first_commit(harbour)
    harbour.git("update-ref", "refs/tags/tree", harbour.git("rev-parse", "main^{tree}").strip())
    harbour.git("update-ref", "refs/tags/blob", harbour.git("rev-parse", "main:README.md").strip())
    harbour.git("tag", "-a", "-m", "one", "v1", first)

    assert harbour.ask("GET", f"{FERRY}/commits/{first[:9]}").json()["sha"] == first
