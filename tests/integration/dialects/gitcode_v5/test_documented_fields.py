"""The keys that GitCode's documents show are in our answers, and of the kinds that it shows."""

from typing import Any

import pytest

from support.gitcode_server import Harbour

FERRY = "/repos/harbour/ferry"

COLLABORATOR = (
    *("access_level", "avatar", "avatar_url", "committer_system_from", "email", "expires_at", "iam_id", "id"),
    *("is_current_source_member", "join_way", "last_owner", "last_source_owner", "limited", "member_roles", "name"),
    *("name_cn", "nick_name", "permissions", "source_name", "state", "type", "username", "web_url"),
)
BRANCH_COMMIT = (
    *("id", "short_id", "title", "message", "parent_ids", "author_name", "author_email", "author_user_name"),
    *("author_avatar_url", "author_iam_id", "authored_date", "committer_name", "committer_email", "committed_date"),
    *("committer_user_name", "committer_avatar_url", "created_at", "gpg_primary_key_id", "open_gpg_verified"),
    *("relate_url", "verification_status"),
)
APPROVER = ("avatar_url", "iam_id", "id", "name", "name_cn", "nick_name", "state", "username", "web_url")


def answer(harbour: Harbour, path: str) -> Any:
    return harbour.ask("GET", f"{FERRY}{path}").json()


def test_a_commit_names_its_people_and_their_dates(harbour: Harbour) -> None:
    for shown in (answer(harbour, "/commits")[0], answer(harbour, "/commits/main")):
        body = shown["commit"]
        assert (shown["author"]["login"], shown["author"]["date"]) == ("王芳", body["author"]["date"])
        assert (shown["committer"]["login"], shown["committer"]["date"]) == ("Committer", body["committer"]["date"])
        assert "id" not in shown["author"]


def test_a_permission_has_what_the_schema_requires(harbour: Harbour) -> None:
    shown = answer(harbour, "/collaborators/mei/permission")

    kinds = {
        **dict.fromkeys(("name", "username", "nick_name", "state", "email", "web_url", "type", "join_way"), str),
        **dict.fromkeys(("source_name", "role_name", "role_name_cn", "object_id", "permission", "login"), str),
        "id": int,
        "access_level": int,
        "permissions": dict,
    }
    assert {name: type(shown.get(name)) for name in kinds} == kinds
    assert shown["id"] == harbour.people["mei"].id
    assert shown["email"] == ""


@pytest.mark.parametrize("path", ["/collaborators", "/collaborators/mei"])
def test_a_collaborator_has_all_keys(harbour: Harbour, path: str) -> None:
    shown = answer(harbour, path)
    rows = shown if isinstance(shown, list) else [shown]

    assert [set(COLLABORATOR) - set(row) for row in rows] == [set()] * len(rows)
    assert {row["email"] for row in rows} == {None}


def test_a_branch_s_commit_has_all_keys(harbour: Harbour) -> None:
    assert set(BRANCH_COMMIT) - set(answer(harbour, "/branches/main")["commit"]) == set()


def test_an_approver_has_all_keys(harbour: Harbour) -> None:
    harbour.ask("PUT", f"{FERRY}/reviewer", json={"assignees": "mei", "assignees_number": 1})

    shown = answer(harbour, "/pull_request_settings")["merge_request_setting"]

    assert set(APPROVER) - set(shown["approval_approvers"][0]) == set()
    assert shown["codeowner_merge_count"] is False


def test_a_changed_file_s_commit_names_its_tree(harbour: Harbour) -> None:
    made = harbour.ask("PUT", f"{FERRY}/contents/new", json={"content": "eA==", "message": "m"}).json()

    assert made["commit"]["tree"] == harbour.git("rev-parse", "main^{tree}").strip()


def test_a_repository_s_creator_has_all_keys(harbour: Harbour) -> None:
    assert set(answer(harbour, "")["creator"]) >= {"id", "arts_id", "email", "nickname", "photo", "username"}
