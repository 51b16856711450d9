"""Issues, change requests, releases, comments on commits on a terminal; what people wrote cannot do anything to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from matou.cli.ui.formatting import columns, local_time, size
from matou.i18n import gettext as _
from matou.i18n import labelled, printable
from matou.model.metadata import (
    AttachedFile,
    ChangeRequest,
    Comment,
    CommitComment,
    Item,
    MarkupText,
    Milestone,
    Participant,
    PersonKey,
    SavedRelease,
)

WIDEST_TITLE = 72
INDENT = "    "

STATES = {"open": _("open"), "closed": _("closed"), "merged": _("merged")}


@dataclass(frozen=True, slots=True)
class Names:
    """What items name by a key alone."""

    people: Mapping[PersonKey, Participant]
    milestones: Mapping[str, Milestone]

    def person(self, key: PersonKey | None) -> str:
        found = self.people.get(key or "")
        return "" if key is None else printable(found.name or found.login if found else key)

    def milestone(self, key: str | None, kind: str = "milestone") -> str:
        found = self.milestones.get(f"{key}" if kind == "milestone" else f"{kind}/{key}")
        return "" if key is None else printable(found.title if found else key)


def item_table(items: Iterable[Item], names: Names) -> Iterator[str]:
    rows = [(_("number"), _("state"), _("title"), _("author"), _("comments"), _("last change"))]
    rows += [
        (
            printable(one.number),
            _state(one),
            _cut(printable(one.title)),
            names.person(one.by),
            f"{_comments(one)}" if _comments(one) else "",
            _moment(one.updated_at or one.at),
        )
        for one in items
    ]
    yield from columns(rows) if len(rows) > 1 else ()


def release_table(releases: Iterable[SavedRelease], names: Names) -> Iterator[str]:
    rows = [(_("tag"), _("name"), _("author"), _("files"), _("made"))]
    rows += [
        (
            printable(one.tag),
            _cut(printable(one.name)),
            names.person(one.by),
            f"{len(one.assets)}" if one.assets else "",
            _moment(one.published_at or one.at),
        )
        for one in releases
    ]
    yield from columns(rows) if len(rows) > 1 else ()


def item_lines(item: Item, names: Names) -> Iterator[str]:
    """An item with everything that was said about it."""
    mark = "!" if isinstance(item, ChangeRequest) else "#"
    yield f"{mark}{printable(item.number)}  {printable(item.title)}  ({_state(item)})"
    for label, value in _facts(item, names):
        if value:
            yield "  " + labelled(label, value)
    yield from _text(item.text, item.files)
    if isinstance(item, ChangeRequest):
        yield from _review_lines(item, names)
    for comment in item.comments:
        yield from _comment_lines(comment, names)


def release_lines(release: SavedRelease, names: Names) -> Iterator[str]:
    yield f"{printable(release.tag)}  {printable(release.name)}"
    facts = (
        (_("author"), names.person(release.by)),
        (_("made"), _moment(release.published_at or release.at)),
        (_("commit"), printable(release.commit or "")),
        (_("address"), printable(release.url or "")),
    )
    yield from ("  " + labelled(label, value) for label, value in facts if value)
    yield from _text(release.text, release.files)
    for asset in release.assets:
        missing = "" if asset.missing is None else f"  {_missing(asset.missing)}"
        yield f"  {printable(asset.name)}  {'' if asset.size is None else size(asset.size)}{missing}"


def commit_comment_lines(comments: Iterable[CommitComment], names: Names) -> Iterator[str]:
    """Each with the commit, and the line, that it is on."""
    for number, comment in enumerate(comments):
        position, gone = comment.position, "" if comment.gone_in is None else _("gone from the source")
        place = "" if position is None else f"{position.path}:{position.line or ''}".rstrip(":")
        yield from [""] * (number > 0)
        yield "  ".join(filter(None, (printable(comment.commit or _("unknown commit")), printable(place))))
        yield from _said(names.person(comment.by), comment.at, gone)
        yield from _text(comment.text, comment.files)


def harmless_lines(text: str) -> list[str]:
    """Lines of which none can move the cursor, colour anything, or turn the direction of what follows."""
    return [printable(line.expandtabs(4)) for line in text.splitlines()]


def _facts(item: Item, names: Names) -> Iterator[tuple[str, str]]:
    yield _("type"), printable(item.type.name if item.type else "")
    yield _("author"), names.person(item.by)
    yield _("made"), _moment(item.at)
    yield _("last change"), _moment(item.updated_at)
    yield _("closed"), _moment(item.closed_at)
    if isinstance(item, ChangeRequest):
        yield _("branches"), f"{printable(item.head.branch or '')} -> {printable(item.base.branch)}"
        yield _("merged"), _moment(item.merged_at)
    yield _("status"), printable(item.status.name if item.status else "")
    yield _("priority"), printable(item.priority.name if item.priority else "")
    yield _("labels"), ", ".join(map(printable, item.labels))
    yield _("milestone"), names.milestone(item.milestone)
    yield _("iteration"), names.milestone(item.iteration, "iteration")
    yield _("assigned to"), ", ".join(map(names.person, item.assignees))
    yield _("due"), printable(item.due or "")
    yield _("part of"), printable(item.parent or "")
    yield _("parts"), ", ".join(map(printable, item.children or ()))
    for field in item.fields or ():
        yield printable(field.name), "" if field.value is None else printable(str(field.value))
    yield _("address"), printable(item.url or "")
    if item.gone_in is not None:
        yield _("gone from the source"), _("found by run {run}").format(run=item.gone_in)


def _review_lines(change: ChangeRequest, names: Names) -> Iterator[str]:
    for reviewer in change.reviewers:
        yield "  " + labelled(names.person(reviewer.by), reviewer.state)
    for review in change.reviews:
        yield from _said(names.person(review.by), review.at, review.state)
        yield from _text(review.text, ())
    for thread in change.threads:
        place = thread.position.path if thread.position else thread.path
        line = thread.position.line if thread.position else None
        if place:
            yield ""
            yield printable(place if line is None else f"{place}:{line}")
        for comment in thread.comments:
            yield from _comment_lines(comment, names)


def _comment_lines(comment: Comment, names: Names) -> Iterator[str]:
    gone = "" if comment.gone_in is None else _("gone from the source")
    yield from _said(names.person(comment.by), comment.at, gone)
    yield from _text(comment.text, comment.files)


def _said(who: str, at: datetime | None, what: str) -> Iterator[str]:
    yield ""
    yield "  ".join(filter(None, ("--", who, _moment(at), what)))


def _text(text: MarkupText | None, files: Iterable[AttachedFile]) -> Iterator[str]:
    if text is not None and text.body.strip():
        yield ""
        yield from (f"{INDENT}{line}".rstrip() for line in harmless_lines(text.body))
    for file in files:
        missing = "" if file.missing is None else f"  {_missing(file.missing)}"
        yield f"{INDENT}[{printable(file.name)}]{'' if file.size is None else '  ' + size(file.size)}{missing}"


def _missing(reason: str) -> str:
    return _("not saved: {reason}").format(reason=printable(reason))


def _comments(item: Item) -> int:
    threads = item.threads if isinstance(item, ChangeRequest) else ()
    return len(item.comments) + sum(len(thread.comments) for thread in threads)


def _state(item: Item) -> str:
    state = STATES[item.state]
    return state if item.gone_in is None else _("{state}, gone").format(state=state)


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else local_time(moment)


def _cut(text: str) -> str:
    """To what a line has room for: a Chinese character takes two columns."""
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= WIDEST_TITLE else set_cell_size(text, WIDEST_TITLE - 1).rstrip() + "…"
