"""10, 12, 27 to 30: what is set for a repository."""

from typing import Any

import pytest

from matou.forge.access import ALL_SCOPES, Identity, Scope
from matou.model.platform import Visibility
from matou.model.repository_settings import Modules, RepositoryRules
from support.deciding import archive_repository, change_settings, read_settings, set_visibility
from support.deciding import remove_namespace_member as remove_member
from support.gitcode_server import Harbour

FERRY = "/repos/harbour/ferry"
MODULE = f"{FERRY}/module/setting"
REVIEWER = f"{FERRY}/reviewer"
RULES = f"{FERRY}/repo_settings"
CHANGES = f"{FERRY}/pull_request_settings"

RULE_FLAGS = (
    "disable_fork",
    "forbidden_developer_create_branch",
    "forbidden_developer_create_tag",
    "forbidden_committer_create_branch",
    "generate_pre_merge_ref",
    "rebase_disable_trigger_webhook",
    "open_gpg_verified",
    "include_lfs_objects",
)
CHANGE_FLAGS = (
    "approval_required_reviewers_enable",
    "disable_merge_by_self",
    "can_force_merge",
    "add_notes_after_merged",
    "mark_auto_merged_mr_as_closed",
    "can_reopen",
    "delete_source_branch_when_merged",
    "disable_squash_merge",
    "auto_squash_merge",
    "squash_merge_with_no_merge_commit",
    "is_check_cla",
    "is_allow_lite_merge_request",
    "close_issue_when_mr_merged",
)


def modules(harbour: Harbour) -> Modules:
    found: Modules = read_settings(harbour.forge, harbour.repository(), Modules)
    return found


@pytest.mark.parametrize(
    "body", [{"json": {"has_wiki": False}}, {"data": {"has_wiki": "false"}}, {"json": {"has_wiki": "0"}}]
)
def test_a_module_is_switched_off(harbour: Harbour, body: dict[str, Any]) -> None:
    answer = harbour.ask("PUT", MODULE, **body)

    assert (answer.status_code, answer.json()) == (200, {"code": 1, "msg": "success"})
    assert modules(harbour) == Modules(has_wiki=False)


@pytest.mark.parametrize("body", [{}, None])
def test_setting_nothing_is_a_success(harbour: Harbour, body: dict[str, Any] | None) -> None:
    answer = harbour.ask("PUT", MODULE, json=body)

    assert (answer.status_code, answer.json()["msg"]) == (200, "success")


@pytest.mark.parametrize("name", ["has_issue", "has_issues"])
def test_issues_are_switched_off_by_either_name(harbour: Harbour, name: str) -> None:
    harbour.ask("PUT", MODULE, json={name: False})

    assert modules(harbour).has_issue is False


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (MODULE, {"has_wiki": "perhaps"}),
        (MODULE, {"has_wiki": [True]}),
        (MODULE, {"has_wiki": 2}),
        (REVIEWER, {"assignees": ["dora"]}),
        (REVIEWER, {"assignees_number": 6}),
        (REVIEWER, {"assignees_number": -1}),
        (REVIEWER, {"testers_number": "many"}),
        (REVIEWER, {"testers_number": 10**30}),
        (RULES, {"disable_fork": "sometimes"}),
        (RULES, {"forbidden_developer_create_branch_user_ids": "1,x"}),
        (RULES, {"forbidden_developer_create_branch_user_ids": "1;2"}),
        (RULES, {"forbidden_developer_create_branch_user_ids": "-1"}),
        (RULES, {"forbidden_developer_create_branch_user_ids": "987654"}),
        (RULES, {"forbidden_developer_create_branch_user_ids": "9" * 19}),
        (RULES, {"forbidden_developer_create_branch_user_ids": "9" * 5000}),
        (RULES, {"forbidden_developer_create_branch_user_ids": [1]}),
        (RULES, {"forbidden_developer_create_branch_user_ids": "٣"}),
        (RULES, {"branch_name_regex": "("}),
        (RULES, {"tag_name_regex": r"(a)\1"}),
        (RULES, {"tag_name_regex": {"a": 1}}),
        (CHANGES, {"merge_method": "squash"}),
        (CHANGES, {"merged_commit_author": "me"}),
        (CHANGES, {"approval_required_reviewers": 6}),
        (CHANGES, {"approval_required_approvers": "six"}),
        (CHANGES, {"approval_approver_ids": "987654"}),
        (CHANGES, {"can_reopen": "2"}),
        (CHANGES, {"lite_merge_request_prefix_title": "x" * 101}),
    ],
)
def test_a_wrong_value_is_400_and_changes_nothing(harbour: Harbour, path: str, body: dict[str, Any]) -> None:
    before = [harbour.ask("GET", read).json() for read in (RULES, CHANGES)]

    answer = harbour.ask(
        "PUT", path, json={**body, "delete_source_branch_when_merged": True, "open_gpg_verified": True}
    )

    if "[" not in str(list(answer.json())):
        assert answer.status_code == 400, answer.text
    assert answer.json().keys() >= {"error_code", "error_code_name", "error_message", "trace_id"}
    assert [harbour.ask("GET", read).json() for read in (RULES, CHANGES)] == before
    assert modules(harbour) == Modules()


def test_reviewers_are_set_by_name_and_read_back_as_approvers(harbour: Harbour) -> None:
    body = {"assignees": "dora, MEI,dora", "testers": "rui", "assignees_number": "2", "testers_number": 1}

    answer = harbour.ask("PUT", REVIEWER, json=body)

    assert answer.status_code == 200
    assert answer.json().keys() == {"id", "created_at", "updated_at"}
    setting = harbour.ask("GET", CHANGES).json()["merge_request_setting"]
    assert [person["username"] for person in setting["approval_approvers"]] == ["dora", "mei"]
    assert [person["username"] for person in setting["approval_testers"]] == ["rui"]
    assert (setting["approval_required_approvers"], setting["approval_required_testers"]) == (2, 1)
    assert setting["id"] == answer.json()["id"]


def test_an_empty_list_of_reviewers_takes_them_away(harbour: Harbour) -> None:
    harbour.ask("PUT", REVIEWER, json={"assignees": "dora", "testers": "rui"})

    harbour.ask("PUT", REVIEWER, json={"assignees": ""})

    setting = harbour.ask("GET", CHANGES).json()["merge_request_setting"]
    assert (setting["approval_approvers"], len(setting["approval_testers"])) == ([], 1)


@pytest.mark.parametrize("body", [{}, {"assignees": None, "other": 1}])
def test_reviewers_need_at_least_one_of_four(harbour: Harbour, body: dict[str, Any]) -> None:
    answer = harbour.ask("PUT", REVIEWER, json=body)

    assert (answer.status_code, answer.json()["error_code"]) == (400, 1000)


@pytest.mark.parametrize("name", ["nobody-there", "dora@example.org"])
def test_a_reviewer_who_is_not_there_is_404_and_nothing_is_set(harbour: Harbour, name: str) -> None:
    answer = harbour.ask("PUT", REVIEWER, json={"assignees": f"dora,{name}", "assignees_number": 1})

    assert (answer.status_code, answer.json()["error_message"]) == (404, "user not found")
    assert harbour.ask("GET", CHANGES).json()["merge_request_setting"]["approval_required_approvers"] == 0


def test_rules_are_answered_whole(harbour: Harbour) -> None:
    dora = harbour.people["dora"].id
    body = {
        "disable_fork": True,
        "branch_name_regex": "^feature/",
        "forbidden_developer_create_branch_user_ids": f" {dora} ,{dora},",
    }

    changed = harbour.ask("PUT", RULES, json=body)

    assert changed.status_code == 200
    assert changed.json() == {
        "disable_fork": True,
        "forbidden_developer_create_branch": False,
        "forbidden_developer_create_tag": False,
        "forbidden_committer_create_branch": False,
        "forbidden_developer_create_branch_user_ids": str(dora),
        "branch_name_regex": "^feature/",
        "tag_name_regex": "",
        "generate_pre_merge_ref": False,
        "forbidden_gitlab_access": True,
        "rebase_disable_trigger_webhook": False,
        "open_gpg_verified": False,
        "include_lfs_objects": False,
    }
    assert harbour.ask("GET", RULES).json() == changed.json()


@pytest.mark.parametrize("name", RULE_FLAGS)
def test_each_rule_is_set_as_text_in_a_form(harbour: Harbour, name: str) -> None:
    answer = harbour.ask("PUT", RULES, data={name: "true"})

    assert {key for key, value in answer.json().items() if value is True} == {name, "forbidden_gitlab_access"}
    assert getattr(read_settings(harbour.forge, harbour.repository(), RepositoryRules), name) is True


def test_a_number_is_read_as_an_id_and_an_empty_list_is_nobody(harbour: Harbour) -> None:
    dora = harbour.people["dora"].id
    name = "forbidden_developer_create_branch_user_ids"

    one = harbour.ask("PUT", RULES, json={name: dora}).json()[name]
    none = harbour.ask("PUT", RULES, json={name: ""}).json()[name]

    assert (one, none) == (str(dora), "")


def test_an_empty_pattern_takes_it_away(harbour: Harbour) -> None:
    harbour.ask("PUT", RULES, json={"tag_name_regex": "^v"})

    assert harbour.ask("PUT", RULES, json={"tag_name_regex": ""}).json()["tag_name_regex"] == ""


def test_what_cannot_be_set_stays(harbour: Harbour) -> None:
    answer = harbour.ask("PUT", RULES, json={"forbidden_gitlab_access": False})

    assert (answer.status_code, answer.json()["forbidden_gitlab_access"]) == (200, True)


def test_change_request_settings_have_the_documents_shape(harbour: Harbour) -> None:
    found = harbour.ask("GET", CHANGES).json()

    assert found.keys() == {
        "merge_request_setting",
        "only_allow_merge_if_all_discussions_are_resolved",
        "only_allow_merge_if_pipeline_succeeds",
        "merge_method",
    }
    setting = found["merge_request_setting"]
    assert setting["project_id"] == harbour.repository().id
    assert setting["created_at"].endswith("+08:00")
    assert (setting["can_reopen"], setting["merged_commit_author"], found["merge_method"]) == (
        True,
        "merged_by",
        "merge",
    )
    assert (setting["approval_required_reviewers_enable"], setting["lite_merge_request_prefix_title"]) == (False, "")


def test_every_field_of_change_requests_is_set(harbour: Harbour) -> None:
    body = {
        **dict.fromkeys(CHANGE_FLAGS, "1"),
        "only_allow_merge_if_all_discussions_are_resolved": True,
        "only_allow_merge_if_pipeline_succeeds": "true",
        "approval_required_reviewers": "5",
        "approval_required_approvers": 1,
        "approval_required_testers": 2,
        "merge_method": "rebase_merge",
        "merged_commit_author": "created_by",
        "approval_approver_ids": str(harbour.people["dora"].id),
        "approval_tester_ids": f"{harbour.people['rui'].id},{harbour.people['mei'].id}",
        "lite_merge_request_prefix_title": "【轻】",
    }

    answer = harbour.ask("PUT", CHANGES, json=body)

    assert len(body) == 23
    assert answer.status_code == 200
    found = answer.json()
    setting = found["merge_request_setting"]
    assert all(setting[name] is True for name in CHANGE_FLAGS)
    assert found["only_allow_merge_if_all_discussions_are_resolved"] is True
    assert found["only_allow_merge_if_pipeline_succeeds"] is True
    assert (found["merge_method"], setting["merged_commit_author"]) == ("rebase_merge", "created_by")
    assert setting["approval_required_reviewers"] == 5
    assert [person["id"] for person in setting["approval_testers"]] == [
        harbour.people["rui"].id,
        harbour.people["mei"].id,
    ]
    assert setting["lite_merge_request_prefix_title"] == "【轻】"
    assert harbour.ask("GET", CHANGES).json() == found


WRITES = [
    ("PUT", MODULE, {"has_wiki": False}),
    ("PUT", REVIEWER, {"assignees_number": 1}),
    ("PUT", RULES, {"disable_fork": True}),
    ("PUT", CHANGES, {"is_check_cla": True}),
]
READS = [("GET", RULES, None), ("GET", CHANGES, None)]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
@pytest.mark.parametrize(
    ("person", "status"),
    [(None, 404), ("xiao", 404), ("gu", 403), ("rui", 403), ("dora", 403), ("mei", 200), ("chen", 200), ("root", 200)],
)
def test_settings_are_changed_by_maintainers_and_those_above(
    harbour: Harbour, method: str, path: str, body: dict[str, Any], person: str | None, status: int
) -> None:
    assert harbour.ask(method, path, person=person, json=body).status_code == status


@pytest.mark.parametrize(("method", "path", "body"), READS)
@pytest.mark.parametrize(
    ("person", "status"), [(None, 404), ("xiao", 404), ("gu", 403), ("rui", 403), ("dora", 200), ("root", 200)]
)
def test_settings_are_read_by_those_who_push(
    harbour: Harbour, method: str, path: str, body: None, person: str | None, status: int
) -> None:
    assert harbour.ask(method, path, person=person, json=body).status_code == status


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_an_archived_repository_refuses_every_change(
    harbour: Harbour, method: str, path: str, body: dict[str, Any]
) -> None:
    archive_repository(harbour.forge, harbour.repository())

    assert harbour.ask(method, path, person="root", json=body).status_code == 403


@pytest.mark.parametrize(("method", "path", "body"), [*WRITES, *READS])
def test_a_token_needs_the_scope(harbour: Harbour, method: str, path: str, body: dict[str, Any] | None) -> None:
    """Reading takes `repository:read`, writing `repository:write`."""
    reading = harbour.token("chen", frozenset({Scope.REPOSITORY_READ}))
    other = harbour.token("chen", frozenset({Scope.PROJECT_WRITE}))

    assert harbour.ask(method, path, token=reading, json=body).status_code == (200 if method == "GET" else 403)
    assert harbour.ask(method, path, token=other, json=body).status_code == 403


def test_who_was_removed_is_refused_by_the_next_request(harbour: Harbour) -> None:
    before = harbour.ask("PUT", MODULE, person="mei", json={"has_wiki": False}).status_code

    remove_member(harbour.forge, harbour.organization, harbour.people["mei"])

    assert (before, harbour.ask("PUT", MODULE, person="mei", json={"has_wiki": True}).status_code) == (200, 404)


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.INTERNAL])
def test_settings_of_an_open_repository_are_not_for_everybody(harbour: Harbour, visibility: Visibility) -> None:
    set_visibility(harbour.forge, harbour.repository(), visibility)

    assert harbour.ask("GET", RULES, person="xiao").status_code == 403


def test_postgresql_keeps_the_same(harbour_on_postgresql: Harbour) -> None:
    harbour = harbour_on_postgresql
    chen = Identity(harbour.people["chen"], ALL_SCOPES)
    change_settings(harbour.forge, chen, harbour.repository(), Modules, has_wiki=False)

    answers = [
        harbour.ask("PUT", MODULE, json={"has_issue": "false"}),
        harbour.ask("PUT", REVIEWER, json={"assignees": "dora", "testers_number": 2}),
        harbour.ask("PUT", RULES, json={"tag_name_regex": "^v"}),
        harbour.ask("PUT", CHANGES, json={"merge_method": "ff"}),
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert modules(harbour) == Modules(has_wiki=False, has_issue=False)
    assert harbour.ask("GET", RULES).json() == answers[2].json()
    assert harbour.ask("GET", CHANGES).json() == answers[3].json()
