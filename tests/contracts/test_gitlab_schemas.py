"""The GitLab that our tests ask answers with the fields and the types that GitLab's clients expect."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from support.gitlab_conversation import GitLabConversation, running_gitlab_conversation

SCHEMAS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "gitlab" / "gitbeaker-43.8.0.json").read_text(encoding="utf-8")
)

OTHERWISE = {
    "IssueSchema.closed_by": "a person",
    "IssueSchema.due_date": "null where none is set",
    "IssueSchema.discussion_locked": "null where nobody ever locked it",
    "IssueSchema.service_desk_reply_to": "null where nobody wrote to the service desk",
    "IssueSchema.moved_to_id": "null where it was not moved",
    "IssueSchema.milestone": "null where none is set",
    "IssueSchema.closed_at": "null where it is open",
    "IssueSchema.subscribed": "not in lists",
    "LabelSchema.priority": "null where none is set",
    "LabelSchema.open_issues_count": "where counts are asked for",
    "LabelSchema.closed_issues_count": "where counts are asked for",
    "LabelSchema.open_merge_requests_count": "where counts are asked for",
    "MilestoneSchema.start_date": "null where none is set",
    "MemberSchema.expires_at": "null where it never ends",
    "MemberSchema.email": "for administrators alone",
    "MemberSchema.group_saml_identity": "where there is single sign-on",
    "GroupSchema.parent_id": "null of one that is within none",
    "IssueBoardSchema.milestone": "null where it is of none",
    "ReleaseSchema.milestones": "where there are any",
    "ProjectHookSchema.disabled_until": "null where it is not",
    "SnippetSchema.visibility": "one of three words",
    "SnippetSchema.project_id": "null of a person's own",
    "SnippetSchema.raw_url": "not where we stand in for it",
    "SnippetSchema.description": "null where there is none",
}
"""Where GitLab's own entities say otherwise."""


def kind_of(value: object) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null", int: "number"}
    return names[type(value)]


def faults_of(value: Mapping[str, Any], schema: str, *, whole: bool) -> Iterator[str]:
    """What does not fit; with `whole`, fields that are missing, too."""
    for name, said in SCHEMAS[schema].items():
        where = f"{schema}.{name}"
        if where in OTHERWISE:
            continue
        if name not in value:
            yield from (f"{where} is missing",) if whole and not said.get("optional") else ()
        elif kind_of(value[name]) not in said["type"]:
            yield f"{where} is no {kind_of(value[name])}"
        elif "of" in said:
            within = value[name] if isinstance(value[name], list) else [value[name]]
            for one in within:
                yield from faults_of(one, said["of"], whole=False) if isinstance(one, dict) else ()


@pytest.fixture(scope="module")
def account() -> Iterator[GitLabConversation]:
    with running_gitlab_conversation() as account:
        yield account


def rows_of(account: GitLabConversation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    [talk] = account.talks.values()
    yield from (("IssueSchema", row) for row in talk.issues)
    yield from (("MergeRequestSchema", row) for row in talk.merge_requests)
    yield from (("ExpandedMergeRequestSchema", account._in_detail(row)) for row in talk.merge_requests)
    for below, rows in talk.of_items.items():
        schema = {
            "discussions": "DiscussionSchema",
            "reviewers": "MergeRequestReviewerSchema",
            "versions": "MergeRequestDiffVersionsSchema",
            "approvals": "ApprovedByEntity",
            "links": "IssueLinkSchema",
        }[below.rpartition("/")[2]]
        yield from ((schema, row) for row in rows)
        notes = (note for row in rows for note in row.get("notes", ()))
        yield from (("DiscussionNoteSchema", note) for note in notes)
    yield from (("LabelSchema", row) for row in talk.labels)
    yield from (("MilestoneSchema", row) for row in talk.milestones)
    yield from (("ReleaseSchema", row) for row in talk.releases)
    yield from (("MemberSchema", row) for row in talk.members)
    yield from (("IssueBoardSchema", row) for row in talk.boards)
    yield from (("ProtectedBranchSchema", row) for row in talk.branches)
    yield from (("ProtectedTagSchema", row) for row in talk.tags)
    yield ("SnippetSchema", account.snippet(1))


def test_what_is_answered_has_the_fields_and_the_types_that_are_described(account: GitLabConversation) -> None:
    faults = [fault for schema, row in rows_of(account) for fault in faults_of(row, schema, whole=True)]

    assert sorted(set(faults)) == []


def test_what_is_answered_in_part_has_the_types_that_are_described(account: GitLabConversation) -> None:
    """Of projects, groups and webhooks a backup reads some fields of very many."""
    [talk] = account.talks.values()
    [project] = account.repositories.values()
    parts = [("ProjectSchema", project), *(("ProjectHookSchema", row) for row in talk.hooks)]
    parts += [("GroupSchema", account._group(one)) for one in account.namespaces.values()]
    parts += [("NamespaceSchema", account._namespace(one)) for one in account.namespaces.values()]

    faults = [fault for schema, row in parts for fault in faults_of(row, schema, whole=False)]

    assert sorted(set(faults)) == []
