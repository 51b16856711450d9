"""The rows of a GitLab project export: what issues and merge requests share, labels, milestones, releases, rules.

The keys are those of GitLab's import_export.yml ("included_attributes") and of the exports that GitLab makes.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from matou.i18n import gettext as _
from matou.model.metadata import (
    CommitComment,
    Issue,
    Item,
    LabelDefinition,
    Milestone,
    ProtectionRule,
    ReleaseAsset,
    SavedRelease,
)
from matou.model.metadata.kinds import LABEL, PROTECTION
from matou.transfer.export.facts import Fact, further_facts_of
from matou.transfer.export.gitlab.notes import ExportedNotes
from matou.transfer.export.gitlab.people import ExportedPeople
from matou.transfer.export.gitlab.texts import ExportedTexts
from matou.transfer.export.gitlab.wire import (
    LONGEST_TITLE,
    PROJECT,
    Row,
    clean_line,
    day_text,
    moment_or_none,
    moment_text,
    parts_of,
    shortened,
)
from matou.transfer.export.markdown_files import literal
from matou.transfer.export.source import ExportSource

_GRAY: Final = "ededed"
_MAINTAINERS: Final = 40
_ADDRESSES: Final = ("https://", "http://")
_SECONDS_AN_HOUR: Final = 3600


class ExportedRows:
    """Makes the rows of one repository or namespace."""

    def __init__(
        self, source: ExportSource, people: ExportedPeople, texts: ExportedTexts, notes: ExportedNotes
    ) -> None:
        self._source = source
        self._people = people
        self._texts = texts
        self._notes = notes
        self._defined: dict[str, LabelDefinition] = source.table(LABEL)
        self._labels: dict[str, Row] = {}
        self._label_titles: set[str] = set()
        self._milestones: dict[str, Row] = {}
        self._milestone_titles: set[str] = set()
        for name in self._defined:
            self._label(name)
        for key in source.milestones:
            self._milestone(key)

    def labels(self) -> Iterator[Row]:
        """Those that are defined, and those that only items name; complete when all items are written."""
        return iter(self._labels.values())

    def milestones(self) -> Iterator[Row]:
        """Milestones, iterations and versions: a project of GitLab has one kind. Complete as the labels."""
        return iter(self._milestones.values())

    def issue(self, issue: Issue, number: int) -> Row:
        state = {"state": "opened" if issue.state == "open" else "closed"}
        return {
            **self.item(issue, number, noteable="Issue"),
            **state,
            "project_id": PROJECT,
            "confidential": bool(issue.confidential),
            "closed_at": None if issue.state == "open" else moment_text(ended_at(issue)),
            "due_date": day_text(issue.due),
            "issue_type": "issue",
            "work_item_type": {"base_type": "issue"},
            "issue_assignees": [{"user_id": self._people.id_of(key)} for key in self._known(issue.assignees)],
        }

    def item(self, item: Item, number: int, *, noteable: str) -> Row:
        """What both have."""
        first, *rest = parts_of(self._description(item, number))
        return {
            "iid": number,
            "title": shortened(item.title) or item.number,
            "author_id": self._people.id_of(item.by),
            "created_at": moment_text(item.at),
            "updated_at": moment_text(item.updated_at or item.closed_at or item.at),
            "description": first,
            "time_estimate": round((item.estimate or 0) * _SECONDS_AN_HOUR),
            "discussion_locked": item.locked,
            "notes": [*self._notes.continuation(rest, item, noteable), *self._notes.of(item, noteable)],
            "label_links": [self._label_link(name, item, noteable) for name in dict.fromkeys(item.labels)],
            **self._milestone_of(item),
            "timelogs": list(self._timelogs(item)),
        }

    def release(self, release: SavedRelease) -> Row:
        at = release.at or release.published_at
        facts = [(_("address"), release.url or "")]
        text = self._texts.text(release.text, release.files, facts, head=self.created_by(release.by))
        links = "\n".join(self._texts.links(release.assets))
        return {
            "tag": clean_line(release.tag),
            "name": shortened(release.name) or shortened(release.tag),
            "description": "\n\n".join(filter(None, (text, links))),
            "project_id": PROJECT,
            "author_id": self._people.id_of(release.by),
            "created_at": moment_text(at),
            "updated_at": moment_text(at),
            "released_at": moment_text(release.published_at or at),
            "sha": release.commit,
            "links": list(self._links(release.assets, at)),
        }

    def commit_comment(self, comment: CommitComment) -> Iterator[Row]:
        """None of one of which nobody knows on which commit it is: GitLab has no place for it."""
        return iter(()) if comment.commit is None else self._notes.on_commit(comment, comment.commit)

    def protected(self, target: str) -> Iterator[Row]:
        """Branches or tags that maintainers alone may change: whom else the source let GitLab cannot be told."""
        access = [{"access_level": _MAINTAINERS, "created_at": moment_text(None), "updated_at": moment_text(None)}]
        rules: dict[str, ProtectionRule] = self._source.table(PROTECTION)
        for rule in rules.values():
            if rule.target == target and rule.gone_in is None:
                row = {
                    "project_id": PROJECT,
                    "name": shortened(rule.pattern),
                    "created_at": moment_text(None),
                    "updated_at": moment_text(None),
                }
                levels = ("create",) if target == "tag" else ("merge", "push")
                force = {} if target == "tag" else {"allow_force_push": bool(rule.force_push)}
                yield {**row, **force, **{f"{level}_access_levels": access for level in levels}}

    def created_by(self, key: str | None) -> str:
        """Always: GitLab's import says of no issue and no merge request whose it was where it knows no account."""
        return _("*Created by {name}*").format(name=literal(self._people.name_of(key)))

    def _description(self, item: Item, number: int) -> str:
        facts = [*self._facts(item, number), *further_facts_of(self._source, item)]
        return self._texts.text(item.text, item.files, facts, head=self.created_by(item.by))

    def _facts(self, item: Item, number: int) -> Iterator[Fact]:
        if item.number != str(number):
            yield _("number at the source"), item.number
        if len(clean_line(item.title)) > LONGEST_TITLE:
            yield _("title"), item.title
        for reaction in item.reactions or ():
            yield f":{reaction.name}:", self._source.people_named(reaction.by)

    def _known(self, keys: Iterable[str]) -> Iterator[str]:
        """GitLab's import gives to the account that imports what it cannot give to anybody: no person's work."""
        return (key for key in dict.fromkeys(keys) if self._people.is_known_by_address(key))

    def _label_link(self, name: str, item: Item, noteable: str) -> Row:
        at = moment_text(item.at)
        return {"target_type": noteable, "created_at": at, "updated_at": at, "label": self._label(name)}

    def _label(self, name: str) -> Row:
        """GitLab takes no comma in one, and no two of the same title."""
        if name not in self._labels:
            found = self._defined.get(name)
            title = _free(shortened(name.replace(",", ";")) or "-", self._label_titles)
            self._labels[name] = {
                "title": title,
                "color": f"#{_GRAY if found is None else found.color}",
                "project_id": PROJECT,
                "created_at": moment_text(None),
                "updated_at": moment_text(None),
                "template": False,
                "description": shortened((found.description if found else None) or ""),
                "group_id": None,
                "type": "ProjectLabel",
            }
        return self._labels[name]

    def _milestone_of(self, item: Item) -> Row:
        key = item.milestone or (f"iteration/{item.iteration}" if item.iteration else None)
        return {} if key is None else {"milestone": self._milestone(key)}

    def _milestone(self, key: str) -> Row:
        if key not in self._milestones:
            found = self._source.milestones.get(key) or Milestone(number=key, title=key, state="open", kind="milestone")
            at = moment_text(found.at)
            self._milestones[key] = {
                "iid": len(self._milestones) + 1,
                "title": _free(shortened(found.title) or shortened(key), self._milestone_titles),
                "project_id": PROJECT,
                "description": parts_of(self._texts.text(found.text, found.files))[0],
                "due_date": day_text(found.due),
                "start_date": day_text(found.start),
                "created_at": at,
                "updated_at": moment_or_none(found.updated_at) or at,
                "state": "active" if found.state == "open" else "closed",
                "group_id": None,
            }
        return self._milestones[key]

    def _timelogs(self, item: Item) -> Iterator[Row]:
        for entry in item.spent or ():
            seconds, at = round(entry.hours * _SECONDS_AN_HOUR), moment_text(entry.at or item.at)
            if seconds:
                yield {
                    "time_spent": seconds,
                    "user_id": self._people.id_of(entry.by),
                    "project_id": PROJECT,
                    "spent_at": at,
                    "created_at": at,
                    "updated_at": at,
                    "summary": shortened(entry.text or ""),
                }

    @staticmethod
    def _links(assets: Iterable[ReleaseAsset], at: datetime | None) -> Iterator[Row]:
        """To files whose bytes the archive does not have; GitLab takes no name and no address twice."""
        names: set[str] = set()
        for url, asset in {asset.url: asset for asset in assets if asset.sha256 is None}.items():
            if url.startswith(_ADDRESSES):
                yield {
                    "url": clean_line(url),
                    "name": _free(shortened(asset.name) or "-", names),
                    "created_at": moment_text(asset.at or at),
                    "updated_at": moment_text(asset.at or at),
                    "filepath": None,
                    "link_type": "other",
                }


def ended_at(item: Item) -> datetime | None:
    return item.closed_at or item.updated_at or item.at


def _free(title: str, taken: set[str]) -> str:
    """A title that is not taken: this one, or this one with a number."""
    number, free = 1, title
    while free in taken:
        number += 1
        free = f"{title[: LONGEST_TITLE - 8]} ({number})"
    taken.add(free)
    return free
