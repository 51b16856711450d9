"""GitHub's import of issues: one request for an issue with all that was said on it, and its times are kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from matou.errors import Invalid, TryLater, UnknownShape
from matou.model.metadata_targets import ImportedComment, ImportedIssue
from matou.platforms.base.errors import (
    ActionRefused,
    KindSwitchedOff,
    MadeInPart,
    NotOffered,
    PlatformFailed,
    RemoteNotFound,
)
from matou.platforms.github.calls_writing import GitHubWritingCalls
from matou.platforms.github.wire_writing import GitHubImport

LARGEST_BYTES: Final = 1024**2
"""Of one request; GitHub refuses more."""

LONGEST_WAITS: Final = (0.5, 1, 1, 2, 2, 4, 4, 8, 8, *[15] * 38)
"""Seconds between two questions whether it is done: ten minutes in all."""


class TooMuchToImport(Invalid):
    """An issue with more said on it than one request holds: it is to be written piece by piece."""


@dataclass(frozen=True, slots=True)
class IssueImport:
    """Attributes:
    pause: waits for so many seconds; raises Cancelled.
    """

    calls: GitHubWritingCalls
    pause: Callable[[float], object]

    def run(self, issue: ImportedIssue) -> str:
        """Import one, and give its number once it has one.

        Raises:
            NotOffered: the server has no such thing, or the token does not administer the repository.
            TooMuchToImport, PlatformFailed: nothing was made of this one.
            TryLater: nobody knows what became of it.
        """
        fields = _fields(issue)
        if len(msgspec.json.encode(fields)) > LARGEST_BYTES:
            raise TooMuchToImport("an issue with all that was said on it is more than GitHub imports at once")
        try:
            begun = self.calls.import_issue(fields)
        except (RemoteNotFound, ActionRefused, KindSwitchedOff) as refusal:
            raise NotOffered("GitHub does not import issues here: {fault}", fault=refusal.fact) from refusal
        return self._awaited(begun)

    def _awaited(self, begun: GitHubImport) -> str:
        for known in self._looks(begun):
            if known.status == "imported":
                return _number_in(known.issue_url)
            if known.status == "failed":
                faults = "; ".join(fault.text for fault in known.errors or ())
                raise PlatformFailed("GitHub did not import it: {faults}", faults=repr(faults[:500]))
            if known.status not in ("pending", "importing"):
                raise UnknownShape("github import.status", known.status)
        raise MadeInPart("GitHub has taken an issue and not said for ten minutes what became of it")

    def _looks(self, begun: GitHubImport) -> Iterator[GitHubImport]:
        yield begun
        for seconds in LONGEST_WAITS:
            self.pause(seconds)
            try:
                yield self.calls.imported(begun.id)
            except TryLater as busy:
                self.pause(busy.wait.total_seconds() if busy.wait else seconds)


def _fields(issue: ImportedIssue) -> dict[str, object]:
    one = {
        "title": issue.title,
        "body": issue.text,
        "created_at": _moment(issue.created_at),
        "updated_at": _moment(issue.updated_at),
        "closed_at": _moment(issue.closed_at) if issue.is_closed else None,
        "closed": issue.is_closed,
        "labels": list(issue.labels) or None,
        "milestone": int(issue.milestone) if issue.milestone else None,
        "assignee": issue.assignees[0] if issue.assignees else None,
    }
    given = {name: value for name, value in one.items() if value is not None}
    return {"issue": given, "comments": [_comment(comment) for comment in issue.comments]}


def _comment(comment: ImportedComment) -> dict[str, object]:
    return {"body": comment.text, "created_at": _moment(comment.created_at)}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number_in(address: str | None) -> str:
    number = (address or "").rpartition("/")[2]
    if not number.isascii() or not number.isdigit():
        raise UnknownShape("github import.issue_url", address)
    return number
