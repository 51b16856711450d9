"""Gitee's own description of its API v5: whether a request is one that it describes, and answers made from its schemas.

What it leaves out and we send all the same stands in `BEYOND`, with the reason; that a token goes into a header is not
in it either (it knows `access_token` alone), and is what Gitee's own command line tool does.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from support.recording_server import SeenRequest

DATA = Path(__file__).parents[1] / "data" / "gitee"
DOCUMENT: Mapping[str, Any] = json.loads((DATA / "swagger-5.3.85.json").read_text(encoding="utf-8"))
WRITING_DOCUMENT: Mapping[str, Any] = json.loads((DATA / "swagger-5.3.85-writing.json").read_text(encoding="utf-8"))
"""Of the same description the operations by which what people said is written; what they answer stands in the other."""
FORM = "application/x-www-form-urlencoded"

_PAGE = frozenset({"page", "per_page"})
BEYOND: Mapping[str, frozenset[str]] = {
    # Later descriptions page these two (the PyPI package gitee_client 1.1.2 is generated from one).
    "/v5/repos/{owner}/{repo}/branches": _PAGE,
    "/v5/enterprises/{enterprise}/members": _PAGE,
    # No description pages this one. Grape, in which Gitee's API is written, passes over what is not declared; should a
    # server page it after all, the list is whole only if we ask on.
    "/v5/user/namespaces": _PAGE,
    # As branches and members.
    "/v5/repos/{owner}/{repo}/labels": _PAGE,
    "/v5/repos/{owner}/{repo}/collaborators": _PAGE,
    "/v5/enterprises/{enterprise}/labels": _PAGE,
    # Later descriptions have drafts (gitee_client 1.1.2).
    "/v5/repos/{owner}/{repo}/pulls": frozenset({"draft"}),
}
"""Parameters that we send and the description does not have, by path."""

SAID_TO_BE_TEXTS: Mapping[tuple[str, str], object] = {
    ("Project", "namespace"): "Namespace",
    ("Project", "owner"): "UserBasic",
    ("Project", "permission"): {"pull": True, "push": True, "admin": False},
    ("EnterpriseMember", "user"): "UserBasic",
    ("Branch", "commit"): {"sha": "668cb104692b30d537b07f3721df9956d073d343", "url": "https://gitee.com/x"},
    **{("Project", name): False for name in ("private", "public", "internal", "fork", "has_wiki")},
    **{("Project", name): False for name in ("has_issues", "pull_requests_enabled")},
    **{("EnterpriseMember", name): True for name in ("active", "outsourced")},
    ("Branch", "protected"): False,
    **{("Issue", name): "UserBasic" for name in ("user", "assignee")},
    ("Issue", "labels"): ["Label"],
    ("Issue", "collaborators"): ["UserBasic"],
    ("Issue", "repository"): {"id": 9001, "full_name": "oschina/gitee-cli"},
    ("Issue", "scheduled_time"): 1.5,
    ("Issue", "security_hole"): False,
    ("ProgramBasic", "id"): 4,
    **{("ProgramBasic", name): "UserBasic" for name in ("assignee", "author")},
    ("Note", "id"): 7,
    ("Note", "user"): "UserBasic",
    ("Note", "target"): {"issue": {"id": 7, "title": "the title", "number": "I6D3AV"}, "pull_request": None},
    ("OperateLog", "id"): 7,
    ("OperateLog", "user"): "UserBasic",
    **{("PullRequest", name): 7 for name in ("id", "number", "assignees_number", "testers_number")},
    **{("PullRequest", name): ["UserBasic"] for name in ("assignees", "testers")},
    **{("PullRequest", name): False for name in ("locked", "mergeable", "can_merge_check")},
    **{("PullRequest", name): {"ref": "main", "sha": "668cb104692b30d5", "repo": None} for name in ("head", "base")},
    ("PullRequest", "labels"): ["Label"],
    ("PullRequest", "user"): "UserBasic",
    ("PullRequest", "_links"): {"self": {"href": "https://gitee.com/x"}},
    **{("PullRequestComments", name): 7 for name in ("id", "position", "original_position")},
    ("PullRequestComments", "user"): "UserBasic",
    ("PullRequestComments", "_links"): {"self": {"href": "https://gitee.com/x"}},
    ("ProjectMember", "permissions"): {"pull": True, "push": True, "admin": False},
    ("Release", "author"): "UserBasic",
    ("Release", "prerelease"): False,
    ("Release", "assets"): [{"browser_download_url": "https://gitee.com/x.zip", "name": "x.zip"}],
    **{("Hook", name): 7 for name in ("id", "project_id", "result_code")},
    **{("Hook", f"{name}_events"): True for name in ("push", "tag_push", "issues", "note", "merge_requests")},
}
"""What is a "string" (or an "object" of nothing) in the description, and no text in any real answer.

A name stands for an example of that definition, a list of one for a list of it; it says "one" of many lists, too.
"""

NEWER: Mapping[str, frozenset[str]] = {
    "Issue": frozenset({"branch", "issue_type_detail", "issue_state_detail", "cve_id"}),
    "Note": frozenset({"in_reply_to_id", "in_reply_to_user"}),
    "OperateLog": frozenset(
        {
            "target",
            "link_target",
            "action_type",
            "before_change_value",
            "after_change_value",
            "before_change_id",
            "after_change_id",
        }
    ),
    "PullRequest": frozenset(
        {
            "close_related_issue",
            "prune_branch",
            "api_reviewers_number",
            "api_reviewers",
            "draft",
            "security_hole",
            "ref_pull_requests",
        }
    ),
    "PullRequestComments": frozenset({"new_line", "comment_type", "in_reply_to_id"}),
    "ProjectMember": frozenset({"remark", "member_role"}),
    "Hook": frozenset({"title"}),
}
"""Fields that later descriptions have (gitee_client 1.1.2)."""


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    described: Mapping[str, Any]

    def parameters(self, place: str) -> Mapping[str, Mapping[str, Any]]:
        """`place`: path, query or formData."""
        return {row["name"]: row for row in self.described["parameters"] if row["in"] == place}

    @property
    def answer(self) -> str:
        """The definition of what is answered, or of one row of it."""
        responses = self.described["responses"]
        schema = (responses.get("200") or responses["201"])["schema"]
        reference: str = schema.get("items", schema)["$ref"]
        return reference.rpartition("/")[2]


def _operations_in(document: Mapping[str, Any]) -> tuple[Operation, ...]:
    return tuple(
        Operation(method.upper(), path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    )


OPERATIONS = _operations_in(DOCUMENT)
WRITING = _operations_in(WRITING_DOCUMENT)


def operation_of(request: SeenRequest, operations: Sequence[Operation] | None = None) -> Operation | None:
    below = request.path.removeprefix(DOCUMENT["basePath"])
    known = OPERATIONS if operations is None else operations
    fitting = (row for row in known if row.method == request.method and _pattern(row.path).fullmatch(below))
    return next(fitting, None)


def parts_of(operation: Operation, request: SeenRequest) -> Mapping[str, str]:
    """What stands for the names in the operation's path."""
    fitted = _pattern(operation.path).fullmatch(request.path.removeprefix(DOCUMENT["basePath"]))
    return {name: unquote(value) for name, value in fitted.groupdict().items()} if fitted else {}


def faults_of(request: SeenRequest, operations: Sequence[Operation] | None = None) -> list[str]:
    """What the description does not allow about a request; nothing where it is as described."""
    operation = operation_of(request, operations)
    if operation is None:
        return [f"{request.method} {request.path} is not described"]
    query = parse_qsl(request.target.partition("?")[2], keep_blank_values=True, strict_parsing="?" in request.target)
    beyond = BEYOND.get(operation.path, frozenset())
    faults = list(_faults_in([pair for pair in query if pair[0] not in beyond], operation.parameters("query")))
    if request.body and request.headers.get("content-type") != FORM:
        faults.append(f"the body is {request.headers.get('content-type')}")
    form = parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=bool(request.body))
    described = [pair for pair in form if pair[0] not in beyond]
    return [*faults, *_faults_in(described, operation.parameters("formData"))]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _faults_in(given: Sequence[tuple[str, str]], described: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    names = [name for name, _ in given]
    yield from (f"{name} is given twice" for name in set(names) if names.count(name) > 1)
    yield from (f"{name} is missing" for name, row in described.items() if row["required"] and name not in names)
    for name, text in given:
        if name not in described:
            yield f"{name} is not described"
        elif not _is_of(described[name], text):
            yield f"{name} cannot be {text!r}"


def _is_of(described: Mapping[str, Any], text: str) -> bool:
    if described["type"] == "integer" and re.fullmatch(r"-?[0-9]+", text) is None:
        return False
    if described["type"] == "boolean" and text not in ("true", "false"):
        return False
    return "enum" not in described or text in map(str, described["enum"])


def fields_of(definition: str) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = DOCUMENT["definitions"][definition]["properties"]
    return fields


def example_of(definition: str, *, within: tuple[str, ...] = ()) -> dict[str, Any]:
    """An answer with every field of the schema; what would be within itself is null."""
    names = (*within, definition)
    return {name: _example(definition, name, row, names) for name, row in fields_of(definition).items()}


def _example(definition: str, name: str, described: Mapping[str, Any], within: tuple[str, ...]) -> object:
    known = SAID_TO_BE_TEXTS.get((definition, name))
    if isinstance(known, str):
        return example_of(known, within=within)
    if isinstance(known, list) and isinstance(known[0], str):
        return [example_of(known[0], within=within)]
    if known is not None:
        return known
    if "$ref" in described:
        other = described["$ref"].rpartition("/")[2]
        return None if other in within else example_of(other, within=within)
    return {"integer": 7, "array": []}.get(described["type"], f"the {name}")


def in_quotes(value: object) -> object:
    """The same with every number and truth as the text that the description says it is."""
    if isinstance(value, dict):
        return {name: in_quotes(each) for name, each in value.items()}
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value
