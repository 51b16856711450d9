"""An item as it is to stand at the target: its title, its text, and one comment after another, as they are sent."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from matou.i18n import gettext as _
from matou.model.metadata import (
    AttachedFile,
    ChangeRequest,
    Comment,
    DiffPosition,
    Item,
    MarkupText,
    PersonKey,
    Review,
    Reviewer,
    ReviewThread,
    SavedRelease,
    WikiPage,
)
from matou.model.metadata_targets import ItemKind, MetadataRules, NewLineComment
from matou.transfer.export.facts import Fact, decision_text, further_facts_of, moment
from matou.transfer.export.markdown_files import fence_around
from matou.transfer.export.source import ExportSource
from matou.transfer.migrate.conversation.headers import HeaderLines, code_span, fact_line, harmless, harmless_address
from matou.transfer.migrate.conversation.markdown_text import cut, quiet
from matou.transfer.migrate.conversation.markers import ItemKey
from matou.transfer.migrate.conversation.references import References
from matou.transfer.migrate.size_warnings import mebibytes

_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_DECISIONS: Final = frozenset({"approved", "changes_requested", "rejected", "dismissed"})
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_ROOM: Final = 200
"""For what says that a text goes on, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentText:
    """A comment that is to be.

    Attributes:
        at: when it was said; None where that is not known, and for what goes on.
        position: where it stands in a difference, where the target can be told; None for none.
        answers: the comment in whose thread it stands.
        by: who said it, at the source.
    """

    key: ItemKey
    text: str
    at: datetime | None = None
    by: PersonKey | None = None
    position: NewLineComment | None = None
    answers: ItemKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemText:
    """An item that is to be, without what the target calls its labels and milestones."""

    key: ItemKey
    title: str
    text: str
    comments: tuple[CommentText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """One thing of an item's conversation, before it is put into words."""

    key: ItemKey
    at: datetime | None
    by: PersonKey | None
    text: str
    position: NewLineComment | None = None
    answers: ItemKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTexts:
    """Puts the items of one source into texts for one target.

    Attributes:
        files: where the files are at the target, by their digests.
    """

    source: ExportSource
    header: HeaderLines
    references: References
    rules: MetadataRules
    files: Mapping[str, str]

    def of_item(self, item: Item, becomes: ItemKind) -> ItemText:
        kind = ItemKind.CHANGE if isinstance(item, ChangeRequest) else ItemKind.ISSUE
        key = ItemKey(self.references.source, kind.value, item.number)
        title = self.title(item.title)
        whole = " ".join(item.title.split())
        lines = [self._head("opened", item, item.by, item.at)]
        if len(whole) > self.rules.longest_title:
            lines.append(self.header.word("title", title=harmless(whole)))
        lines += self._facts(item, becomes)
        text, *more = self._texts("\n".join(lines), item.text, item.files, key)
        following = [CommentText(key=part_key, text=part) for part_key, part in more]
        said = sorted(self._conversation(item, kind, becomes), key=lambda one: one.at or _FIRST)
        for one in said:
            following += self._comments(one)
        return ItemText(key=key, title=title, text=text[1], comments=tuple(following))

    def of_release(self, release: SavedRelease) -> str:
        key = ItemKey(self.references.source, "release", release.tag)
        at = release.published_at or release.at
        head = self.header.head("released", **self._person(release.by), at=at, sign=f" {release.tag}", url=release.url)
        (_key, text), *_more = self._texts(head, release.text, release.files, key)
        return text

    def of_page(self, page: WikiPage) -> str:
        """Of a wiki that is no git repository; whole, however long it is."""
        key = ItemKey(self.references.source, "wiki-page", page.id)
        head = self.header.head("opened", **self._person(page.by), at=page.at, sign="", url=page.url)
        text = _writable(self._joined(head, self._body(page.text, page.files)))
        return f"{text.rstrip()}\n\n{key.marker}"

    def title(self, title: str) -> str:
        """On one line, as long as the target takes it; what was cut is seen to be. Some platforms look for names there,
        too."""
        line = quiet(_writable(" ".join(title.split()))) or self.header.word("no_title")
        longest = self.rules.longest_title
        return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"

    def gap(self, number: int, source: str) -> tuple[str, str]:
        """The title and the text of what keeps a number: of one that the source has no more, or the target refused."""
        word = "refused" if self.references.is_wanted(number) else "gap"
        values = {"number": f"#{number}", "platform": self.header.platform, "path": harmless(self.header.path)}
        marker = ItemKey(source, "gap", str(number)).marker
        return self.header.word(f"{word}_title", number=number), f"{self.header.word(word, **values)}\n\n{marker}"

    def _comments(self, said: _Said) -> Iterator[CommentText]:
        for part, (key, text) in enumerate(self._cut(said.text, said.key)):
            position = said.position if not part else None
            yield CommentText(
                key=key,
                text=text,
                at=said.at,
                by=said.by,
                position=None if position is None else _with_text(position, text),
                answers=said.answers,
            )

    def _conversation(self, item: Item, kind: ItemKind, becomes: ItemKind) -> Iterator[_Said]:
        source = self.references.source
        for comment in item.comments:
            if comment.gone_in is None:
                key = ItemKey(source, f"{kind}-comment", f"{item.number}/{comment.id}")
                yield _Said(key=key, at=comment.at, by=comment.by, text=self._said(item, comment))
        if isinstance(item, ChangeRequest):
            yield from self._reviews(item)
            for thread in item.threads:
                yield from self._thread(item, thread, is_real=becomes is ItemKind.CHANGE)

    def _reviews(self, change: ChangeRequest) -> Iterator[_Said]:
        source = self.references.source
        decided = {review.by for review in change.reviews}
        states = [one for one in change.reviewers if one.state in _DECISIONS and one.by not in decided]
        reviews: tuple[Review | Reviewer, ...] = (*change.reviews, *states)
        for review in reviews:
            text = review.text if isinstance(review, Review) else None
            if review.state not in _DECISIONS and (text is None or not text.body.strip()):
                continue
            name = review.id if isinstance(review, Review) else f"by {review.by}"
            key = ItemKey(source, "change-review", f"{change.number}/{name}")
            yield _Said(key=key, at=review.at, by=review.by, text=self._decision(change, review, text))

    def _decision(self, change: ChangeRequest, review: Review | Reviewer, text: MarkupText | None) -> str:
        head = self._head("decided", change, review.by, review.at, decision=decision_text(review))
        return self._joined(head, self._body(text, ()))

    def _thread(self, change: ChangeRequest, thread: ReviewThread, *, is_real: bool) -> Iterator[_Said]:
        first: ItemKey | None = None
        position = self._position(change, thread.position) if is_real and self.rules.has_line_comments else None
        for comment in thread.comments:
            if comment.gone_in is not None:
                continue
            key = ItemKey(self.references.source, "change-thread", f"{change.number}/{comment.id}")
            where = self._where(thread, with_hunk=first is None and position is None)
            yield _Said(
                key=key,
                at=comment.at,
                by=comment.by,
                text=self._said(change, comment, where),
                position=position if first is None else None,
                answers=first,
            )
            first = first or key

    def _said(self, item: Item, comment: Comment, where: str = "") -> str:
        head = self._head("commented", item, comment.by, comment.at)
        return self._joined(f"{head}\n{where}".rstrip(), self._body(comment.text, comment.files))

    def _position(self, change: ChangeRequest, position: DiffPosition | None) -> NewLineComment | None:
        commit = (position and position.commit) or change.head.commit
        if position is None or not position.line or not commit or commit != change.head.commit:
            return None
        return NewLineComment(
            text="",
            path=position.path,
            old_path=position.old_path or position.path,
            commit=commit,
            line=position.line,
            first_line=position.first_line,
            is_old_side=position.side == "old",
        )

    def _where(self, thread: ReviewThread, *, with_hunk: bool) -> str:
        path = thread.position.path if thread.position else thread.path
        if not path:
            return ""
        line = self.header.place(path, thread.position.line if thread.position else None)
        hunk = thread.position.hunk if thread.position and with_hunk else None
        return f"{line}\n\n{_fenced(hunk, 'diff')}" if hunk else line

    def _head(self, deed: str, item: Item, by: PersonKey | None, at: datetime | None, decision: str = "") -> str:
        sign = f"{'!' if isinstance(item, ChangeRequest) else '#'}{item.number}"
        return self.header.head(
            deed,  # type: ignore[arg-type]  # one of the words
            **self._person(by),
            at=at,
            sign=sign,
            url=item.url,
            decision=decision,
        )

    def _person(self, key: PersonKey | None) -> dict[str, str]:
        found = self.source.people.get(key or "")
        return {"name": key or "", "login": ""} if found is None else {"name": found.name, "login": found.login}

    def _facts(self, item: Item, becomes: ItemKind) -> list[str]:
        return fact_line([*self._ending(item, becomes), *further_facts_of(self.source, item)], item)

    def _ending(self, item: Item, becomes: ItemKind) -> Iterator[Fact]:
        if isinstance(item, ChangeRequest) and becomes is ItemKind.ISSUE:
            yield _("state"), {"open": _("open"), "closed": _("closed"), "merged": _("merged")}[item.state]
            yield _("branches"), f"{item.head.branch or ''} → {item.base.branch}"
            yield _("commit"), (item.merge_commit or item.head.commit or "")[:12]
            yield _("merged"), f"{moment(item.merged_at)} {self.source.person(item.merged_by)}".strip()
        if item.state != "open":
            yield _("closed"), moment(item.closed_at)

    def _texts(
        self, head: str, text: MarkupText | None, files: Iterable[AttachedFile], key: ItemKey
    ) -> list[tuple[ItemKey, str]]:
        return self._cut(self._joined(head, self._body(text, files)), key)

    def _cut(self, text: str, key: ItemKey) -> list[tuple[ItemKey, str]]:
        """With the marker; what is too long for one text goes on in others, each with a key of its own."""
        text = _writable(text)
        room = self.rules.longest_text - len(key.marker) - _ROOM
        parts = [text] if len(text) <= room else cut(text, room)
        count, keyed = len(parts), []
        for number, part in enumerate(parts, start=1):
            part_key = key if number == 1 else ItemKey(key.source, f"{key.kind}-part", f"{key.number}/{number}")
            before = [] if number == 1 else [self.header.word("part", part=number, parts=count)]
            after = [] if number == count else [self.header.word("goes_on", part=number + 1, parts=count)]
            keyed.append((part_key, "\n\n".join([*before, part.rstrip(), *after, part_key.marker])))
        return keyed

    def _body(self, text: MarkupText | None, files: Iterable[AttachedFile]) -> str:
        known = {file.url: self.files[file.sha256] for file in files if file.sha256 and file.sha256 in self.files}
        body = "" if text is None else text.body
        if text is not None and text.markup == "plain":
            written = _fenced(body) if body.strip() else ""
        else:
            written = self.references.in_text(body, known)
        unnamed = [file for file in files if not file.url or file.url not in body or self._is_too_large(file)]
        return self._joined(written.rstrip(), self._list_of(unnamed))

    def _list_of(self, files: Iterable[AttachedFile]) -> str:
        """Those that belong to a text, and that it does not name."""
        lines = [f"- {self._file(file)}" for file in files]
        return "\n".join([self.header.word("files"), "", *lines]) if lines else ""

    def _file(self, file: AttachedFile) -> str:
        address = harmless_address(self.files.get(file.sha256 or ""))
        if address:
            return f"[{harmless(file.name)}]({address})"
        if file.sha256 and self._is_too_large(file):
            kept = self.header.word("too_large", size=mebibytes(file.size or 0), digest=code_span(file.sha256))
            return f"{harmless(file.name)} ({kept})"
        return f"{harmless(file.name)} ({self.header.word('missing', reason=harmless(file.missing or '-'))})"

    def _is_too_large(self, file: AttachedFile) -> bool:
        """A text that shows it would go on naming a place at the source, which ends one day."""
        return file.sha256 is not None and (file.size or 0) > self.rules.largest_file

    @staticmethod
    def _joined(*parts: str) -> str:
        return "\n\n".join(part for part in parts if part)


def _with_text(position: NewLineComment, text: str) -> NewLineComment:
    return NewLineComment(
        text=text,
        path=position.path,
        old_path=position.old_path,
        commit=position.commit,
        line=position.line,
        first_line=position.first_line,
        is_old_side=position.is_old_side,
    )


def _fenced(text: str, language: str = "") -> str:
    fence = fence_around(text)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
