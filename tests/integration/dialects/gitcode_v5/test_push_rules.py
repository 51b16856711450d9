"""17 and 18: the rules of a repository as GitCode's clients set and read them, and what a refusal looks like."""

from base64 import b64encode
from typing import Any

import pytest

from support.gitcode_server import Harbour

RULES = "/repos/harbour/ferry/push_config"
NOTHING_SET = {
    "reject_not_signed_by_gpg": False,
    "commit_message_regex": "",
    "max_file_size": 0,
    "skip_rule_for_owner": False,
    "deny_force_push": False,
}


def test_all_five_are_answered_and_what_is_not_sent_stays(harbour: Harbour) -> None:
    assert harbour.ask("GET", RULES).json() == NOTHING_SET

    first = harbour.ask("PUT", RULES, json={"deny_force_push": True, "max_file_size": 10})
    second = harbour.ask("PUT", RULES, json={"commit_message_regex": "^fix"})

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == {**NOTHING_SET, "deny_force_push": True, "max_file_size": 10}
    assert second.json() == {**first.json(), "commit_message_regex": "^fix"} == harbour.ask("GET", RULES).json()


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"deny_force_push": "true", "max_file_size": "10"}},
        {"data": {"deny_force_push": "true", "max_file_size": "10"}},
        {"files": {"deny_force_push": (None, "true"), "max_file_size": (None, "10")}},
        {"files": {"deny_force_push": (None, '"true"'.strip('"')), "max_file_size": (None, "10")}},
        {"params": {"deny_force_push": "1", "max_file_size": "10"}},
        {"json": {"deny_force_push": True, "max_file_size": 10, "commit_message_regex": None, "unknown": [1]}},
    ],
)
def test_every_way_of_sending_is_read(harbour: Harbour, options: dict[str, Any]) -> None:
    answer = harbour.ask("PUT", RULES, **options)

    assert answer.status_code == 200
    assert answer.json() == {**NOTHING_SET, "deny_force_push": True, "max_file_size": 10}


def test_an_empty_pattern_is_none_and_a_rule_can_be_taken_back(harbour: Harbour) -> None:
    harbour.ask("PUT", RULES, json={"commit_message_regex": "^fix", "reject_not_signed_by_gpg": True})

    answer = harbour.ask("PUT", RULES, json={"commit_message_regex": "", "reject_not_signed_by_gpg": False})

    assert answer.json() == NOTHING_SET


@pytest.mark.parametrize(
    "sent",
    [
        {"commit_message_regex": "(?=ahead)"},
        {"commit_message_regex": "(a)\\1"},
        {"commit_message_regex": "("},
        {"commit_message_regex": "a" * 1001},
        {"commit_message_regex": "((a{100}){100}){100}"},
        {"commit_message_regex": ["^a"]},
        {"max_file_size": -1},
        {"max_file_size": 2**70},
        {"max_file_size": 1.5},
        {"max_file_size": "ten"},
        {"deny_force_push": "perhaps"},
        {"deny_force_push": 2},
    ],
)
def test_what_cannot_be_a_rule_is_refused_and_changes_nothing(harbour: Harbour, sent: dict[str, Any]) -> None:
    answer = harbour.ask("PUT", RULES, json={"skip_rule_for_owner": True, **sent})

    assert answer.status_code == 400
    assert answer.json()["error_message"]
    assert harbour.ask("GET", RULES).json() == NOTHING_SET


def test_who_pushes_may_read_the_rules_and_who_manages_may_change_them(harbour: Harbour) -> None:
    people = ("chen", "mei", "dora", "rui", "xiao", None)

    read = [harbour.ask("GET", RULES, person=person).status_code for person in people]
    changed = [harbour.ask("PUT", RULES, person=person, json={}).status_code for person in people]

    assert read == [200, 200, 200, 403, 404, 404]
    assert changed == [200, 200, 403, 403, 404, 404]


def test_a_file_that_breaks_a_rule_is_refused_with_the_rule(harbour: Harbour) -> None:
    harbour.ask("PUT", RULES, json={"commit_message_regex": "^fix: "})
    content = b64encode(b"content").decode()

    refused = harbour.ask(
        "POST", "/repos/harbour/ferry/contents/new", person="dora", json={"content": content, "message": "did it"}
    )
    taken = harbour.ask(
        "POST", "/repos/harbour/ferry/contents/new", person="dora", json={"content": content, "message": "fix: it"}
    )

    assert refused.status_code == 403
    assert "has a message that does not match '^fix: '" in refused.json()["error_message"]
    assert taken.status_code == 201


def test_a_branch_or_tag_that_breaks_a_rule_is_refused_with_the_rule(harbour: Harbour) -> None:
    settings = {"branch_name_regex": "^feature/", "tag_name_regex": "^v", "forbidden_developer_create_tag": True}
    assert harbour.ask("PUT", "/repos/harbour/ferry/repo_settings", json=settings).status_code == 200

    branch = harbour.ask(
        "POST", "/repos/harbour/ferry/branches", json={"refs": "main", "branch_name": "mine"}, person="dora"
    )
    tag = harbour.ask("POST", "/repos/harbour/ferry/tags", json={"refs": "main", "tag_name": "v1"}, person="dora")

    assert (branch.status_code, tag.status_code) == (403, 403)
    assert "the name of the branch 'mine' does not match '^feature/'" in branch.json()["error_message"]
    assert "developers may not create tags here" in tag.json()["error_message"]
