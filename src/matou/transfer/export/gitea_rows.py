"""The rows of a dump for Gitea, with the keys that `gitea restore-repo` knows and no others.

Gitea's modules/migration has them. It reads YAML by names alone; its schemas of issues, comments, labels and reactions
refuse any other key, so what Gitea has no place for stands at the end of the text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from matou.archive.manifest import RepositoryLine
from matou.git.refs.listing import fault_of_ref_name
from matou.i18n import gettext as _
from matou.model.metadata import (
    AttachedFile,
    ChangeRequest,
    Comment,
    DiffPosition,
    Issue,
    Item,
    LabelDefinition,
    MarkupText,
    Milestone,
    PersonKey,
    Reaction,
    Review,
    Reviewer,
    ReviewThread,
    SavedRelease,
)
from matou.model.metadata.kinds import LABEL
from matou.model.metadata.shared_numbers import SharedNumbers
from matou.model.platform import Visibility
from matou.transfer.export.facts import Fact, further_facts_of
from matou.transfer.export.markdown_files import fence_around, literal
from matou.transfer.export.source import ExportSource

Row = dict[str, Any]

UNKNOWN_TIME: Final = "0001-01-01T00:00:00Z"
"""Go's; Gitea puts a time that it knows in its place."""

_PLAIN_GIT: Final = "1"
"""Gitea's number for a service that is none of those that it knows."""

_UNITS: Final = ("wiki", "issues", "milestones", "labels", "releases", "comments", "pulls", "assets")
_GRAY: Final = "ededed"
_REACTIONS: Final = frozenset({"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"})
_REVIEWS: Final = {"approved": "APPROVED", "changes_requested": "CHANGES_REQUESTED", "rejected": "CHANGES_REQUESTED"}
_DRAFT: Final = re.compile(r"\[?WIP\b", re.IGNORECASE)


class GiteaRows:
    """Makes the rows of one repository or namespace."""

    def __init__(self, source: ExportSource, numbers: SharedNumbers) -> None:
        self._source = source
        self._numbers = numbers
        self._labels: dict[str, LabelDefinition] = source.table(LABEL)
        self._tags: set[str] = set()

    def repository(self, *, is_private: bool) -> dict[str, str]:
        """All texts: Gitea reads nothing else here."""
        line = self._source.line
        owner, _slash, name = line.path.rpartition("/")
        code = line if isinstance(line, RepositoryLine) else None
        is_public = code is not None and code.visibility is Visibility.PUBLIC and not is_private
        return {
            "name": name,
            "owner": owner.rpartition("/")[2],
            "description": "" if code is None else code.description,
            "clone_addr": "" if code is None else code.clone_url,
            "original_url": self._source.source.url if code is None else code.clone_url,
            "default_branch": (code and code.default_branch) or "",
            "is_private": "false" if is_public else "true",
            "service_type": _PLAIN_GIT,
            **dict.fromkeys(_UNITS, "true"),
        }

    def labels(self, used: Iterable[str]) -> Iterator[Row]:
        """Those that are defined, and those that only items name."""
        return map(self._label, dict.fromkeys([*self._labels, *used]))

    def milestones(self) -> Iterator[Row]:
        """Milestones, iterations and versions: Gitea has one kind."""
        for one in self._source.milestones.values():
            yield {
                # Gitea gives one without a title to all that have none.
                "title": one.title or one.number,
                "description": self._body(one.text),
                "deadline": _day(one.due),
                "created": _time(one.at),
                "updated": _time(one.updated_at or one.at),
                "closed": _time_or_none(_closed_at(one)),
                "state": one.state,
            }

    def issue(self, issue: Issue, number: int) -> Row:
        row = self._item(issue, number)
        return {**row, "state": "open" if issue.state == "open" else "closed"}

    def change(self, change: ChangeRequest, number: int, *, head: str, merge_base: str) -> Row:
        """Args:
        head: the branch in the dump; its owner is the same as that of the target.
        """
        place = self.repository(is_private=True)
        here = {"clone_url": "", "repo_name": place["name"], "owner_name": place["owner"]}
        row = self._item(change, number)
        return {
            **row,
            "title": f"WIP: {row['title']}" if change.draft and not _DRAFT.match(row["title"]) else row["title"],
            "state": "open" if change.state == "open" else "closed",
            "merged": change.state == "merged",
            "merged_time": _time_or_none(_ended_at(change, change.merged_at) if change.state == "merged" else None),
            "merge_commit_sha": change.merge_commit or "",
            "patch_url": f"git/pulls/{number}.patch",
            "head": {"ref": head, "sha": change.head.commit or "", **here},
            "base": {"ref": change.base.branch, "sha": merge_base, **here},
            "foreignindex": number,
            "ensured_safe": True,
        }

    def comments(self, item: Item, number: int, *, has_difference: bool = True) -> Iterator[Row]:
        for comment in item.comments:
            yield self._comment(comment, number)
        for thread in item.threads if isinstance(item, ChangeRequest) else ():
            if _line_of(thread, has_difference=has_difference) is None:
                for comment in thread.comments:
                    yield self._comment(comment, number, place=_place(thread))

    def reviews(self, change: ChangeRequest, number: int, *, has_difference: bool) -> Iterator[Row]:
        """What was decided, and each comment on a line as a review of its own: Gitea gives all of one to one person."""
        reviewed = {review.by for review in change.reviews}
        decided = [one for one in change.reviewers if one.by not in reviewed and one.state in _REVIEWS]
        rows = [self._review(one, change, number) for one in change.reviews]
        rows += [self._review(one, change, number) for one in decided]
        for thread in change.threads:
            position = _line_of(thread, has_difference=has_difference)
            if position is not None:
                rows += [self._line_comment(position, one, change, number) for one in thread.comments]
        return ({"id": place, **row} for place, row in enumerate(rows, start=1))

    def release(self, release: SavedRelease) -> Row:
        at = release.at or release.published_at
        assets = [(asset, self._source.copy_file(asset)) for asset in release.assets]
        tag = self._tag(release.tag)
        facts = [] if tag == release.tag else [(_("tag"), release.tag)]
        return {
            "tag_name": tag,
            "target_commitish": release.target or "",
            "name": release.name,
            "body": self._text(release.text, release.files, facts),
            "draft": release.draft,
            "prerelease": release.prerelease,
            **self._person("publisher", release.by),
            "created": _time(at),
            "published": _time(release.published_at or at),
            "assets": [
                {
                    "name": asset.name,
                    "size": (self._source.folder / place).stat().st_size,
                    "download_count": asset.downloads or 0,
                    "created": _time(asset.at or at),
                    "updated": _time(asset.at or at),
                    "download_url": place,
                }
                for asset, place in assets
                if place is not None
            ],
        }

    def _tag(self, tag: str) -> str:
        """Gitea empties one that git would not take, and gives up over two that are the same then."""
        number = len(self._tags) + 1
        name = tag if fault_of_ref_name(f"refs/tags/{tag}") is None and tag not in self._tags else f"release-{number}"
        self._tags.add(name)
        return name

    def _item(self, item: Item, number: int) -> Row:
        sign = "!" if isinstance(item, ChangeRequest) else "#"
        facts = [(_("number at the source"), f"{sign}{item.number}"), *further_facts_of(self._source, item)]
        return {
            "number": number,
            **self._person("poster", item.by),
            "title": item.title,
            "content": self._text(item.text, item.files, facts),
            "milestone": self._source.milestone(item) or self._source.iteration(item),
            "is_locked": bool(item.locked),
            "created": _time(item.at),
            "updated": _time(item.updated_at or item.closed_at or item.at),
            "closed": _time_or_none(_ended_at(item, item.closed_at) if item.state != "open" else None),
            "labels": [self._label(name) for name in item.labels],
            "reactions": list(self._reactions(item.reactions)),
            "assignees": [self._login(key) for key in item.assignees],
        }

    def _comment(self, comment: Comment, number: int, *, place: str = "") -> Row:
        facts = [] if comment.gone_in is None else [(_("gone from the source"), str(comment.gone_in))]
        return {
            "issue_index": number,
            **self._person("poster", comment.by),
            "content": place + self._text(comment.text, comment.files, facts),
            "created": _time(comment.at),
            "updated": _time(comment.edited_at or comment.at),
            "reactions": list(self._reactions(comment.reactions)),
        }

    def _review(self, review: Review | Reviewer, change: ChangeRequest, number: int) -> Row:
        text = review.text if isinstance(review, Review) else None
        commit = review.commit if isinstance(review, Review) else change.head.commit
        return {
            "issue_index": number,
            **self._reviewer(review.by),
            "official": False,
            "commit_id": commit or "",
            "content": self._body(text),
            "created_at": _time(review.at or change.updated_at or change.at),
            "state": _REVIEWS.get(review.state, "COMMENTED"),
            "comments": [],
        }

    def _line_comment(self, position: DiffPosition, comment: Comment, change: ChangeRequest, number: int) -> Row:
        line = position.line or 0
        commit = position.commit or change.head.commit or ""
        said = {
            "content": self._text(comment.text, comment.files, []),
            "tree_path": position.old_path or position.path if position.side == "old" else position.path,
            "diff_hunk": position.hunk or "",
            "position": 1,
            "line": -line if position.side == "old" else line,
            "commit_id": commit,
            "poster_id": self._id(comment.by),
            "reactions": list(self._reactions(comment.reactions)),
            "created_at": _time(comment.at),
            "updated_at": _time(comment.edited_at or comment.at),
        }
        return {
            "issue_index": number,
            **self._reviewer(comment.by),
            "official": False,
            "commit_id": commit,
            "content": "",
            "created_at": _time(comment.at),
            "state": "COMMENTED",
            "comments": [said],
        }

    def _text(self, text: MarkupText | None, files: Iterable[AttachedFile], facts: list[Fact]) -> str:
        """What was written, and below it what Gitea has no place for."""
        lines = [f"- {literal(label)}: {literal(value)}" for label, value in facts if value]
        for file in files:
            place = self._source.copy_file(file)
            missing = _("not saved: {reason}").format(reason=file.missing or "")
            lines.append(f"- {literal(_('file'))}: {literal(file.name)} ({literal(place or missing)})")
        body = self._body(text)
        if not lines:
            return body
        return "\n".join([body, "", "---", "", *lines] if body else lines)

    def _body(self, text: MarkupText | None) -> str:
        if text is None:
            return ""
        if text.markup == "plain":
            fence = fence_around(text.body)
            return f"{fence}\n{text.body}\n{fence}" if text.body else ""
        return self._numbers.with_references(text.body)

    def _label(self, name: str) -> Row:
        found = self._labels.get(name)
        color = _GRAY if found is None else found.color
        return {"name": name, "color": color, "description": (found.description if found else None) or ""}

    def _reactions(self, given: Iterable[Reaction] | None) -> Iterator[Row]:
        """Gitea takes no one twice from one person, so those of people without an id of digits are left out."""
        pairs = ((reaction.name, key) for reaction in given or () for key in reaction.by)
        for name, key in dict.fromkeys(pairs):
            if name in _REACTIONS and self._id(key):
                yield {"user_id": self._id(key), "user_name": self._login(key), "content": name}

    def _person(self, role: str, key: PersonKey | None) -> Row:
        found = self._source.people.get(key or "")
        email = (found.email if found else None) or ""
        return {f"{role}_id": self._id(key), f"{role}_name": self._source.person(key), f"{role}_email": email}

    def _reviewer(self, key: PersonKey | None) -> Row:
        return {"reviewer_id": self._id(key), "reviewer_name": self._source.person(key)}

    def _login(self, key: PersonKey) -> str:
        found = self._source.people.get(key)
        return key if found is None else found.login

    @staticmethod
    def _id(key: PersonKey | None) -> int:
        """As the source has it; 0 where it has none of digits."""
        return int(key) if key is not None and key.isascii() and key.isdigit() and len(key) <= 18 else 0


def _line_of(thread: ReviewThread, *, has_difference: bool) -> DiffPosition | None:
    """None, too, where Gitea cannot make the difference: it would drop what was said on its lines."""
    return thread.position if has_difference and thread.position is not None and thread.position.line else None


def _place(thread: ReviewThread) -> str:
    path = thread.position.path if thread.position else thread.path
    line = thread.position.line if thread.position else None
    return f"{literal(path if line is None else f'{path}:{line}')}\n\n" if path else ""


def _ended_at(item: Item, known: datetime | None) -> datetime | None:
    """Gitea takes one that says no time for closed in 1970, and forgets which commit a change request was merged by."""
    return known or item.closed_at or getattr(item, "merged_at", None) or item.updated_at or item.at


def _closed_at(milestone: Milestone) -> datetime | None:
    return milestone.closed_at if milestone.state == "closed" else None


def _time(at: datetime | None) -> str:
    return UNKNOWN_TIME if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _time_or_none(at: datetime | None) -> str | None:
    return None if at is None else _time(at)


def _day(day: str | None) -> str | None:
    """A day begins at midnight, in UTC; what is no time at all is left out."""
    try:
        at = datetime.fromisoformat(day or "")
    except ValueError:
        return None
    return _time(at if at.tzinfo else at.replace(tzinfo=UTC))


def used_labels(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (label["name"] for row in rows for label in row["labels"])
