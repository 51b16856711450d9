"""Pages of a project's wiki, to a target whose wikis are no git repositories: each below the one that it was below."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from matou.archive.metadata import natural_order
from matou.errors import MatouError, Phrase, Plural, TryLater
from matou.http.tokens import BadCredential
from matou.model.metadata import WikiPage
from matou.model.metadata_targets import NewPage, TargetPage
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.metadata_target import WikiWriting
from matou.transfer.migrate.conversation.item_texts import ItemTexts
from matou.transfer.migrate.conversation.markers import ItemKey, key_in
from matou.transfer.migrate.conversation.proof import NotAsSent
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.writer import OnceWriter
from matou.transfer.migrate.conversation.written_map import WrittenLine, WrittenMap, digest, replace_line

PAGE = "wiki-page"


@dataclass
class WikiWriter:
    """For the pages of one source."""

    target: WikiWriting
    longest_page: int
    written: WrittenMap
    writer: OnceWriter
    texts: ItemTexts
    report: ConversationReport
    now: Callable[[], datetime]
    _there: dict[ItemKey, TargetPage] = field(default_factory=dict)
    _sent: set[ItemKey] = field(default_factory=set)

    def write(self, pages: Iterable[WikiPage]) -> None:
        """Those above before those below; one that the target refuses keeps no other away.

        Raises:
            TryLater, BadCredential, NotOffered: as the target said.
        """
        self._look()
        for page in _from_the_top(pages):
            self.report.expected[PAGE] += 1
            try:
                self._write(page)
            except (TryLater, BadCredential, NotOffered):
                raise
            except MatouError as error:
                title = repr(page.title)
                self.report.problems.append(MatouError("the page {title}: {fault}", title=title, fault=error.fact))
        self._prove()

    def _look(self) -> None:
        found = ((key_in(page.text), page) for page in self.target.pages())
        self._there = {key: page for key, page in found if key is not None}

    def _write(self, page: WikiPage) -> None:
        key, title, text = self._key(page.id), self.texts.title(page.title), self.texts.of_page(page)
        if len(text) > self.longest_page:
            self.report.lose(Phrase("a page is longer than the platform takes"))
            return
        line = self.written.get(key) or self._recovered(key)
        if line is None:
            above = self.written.get(self._key(page.parent)) if page.parent else None
            new = NewPage(title=title, text=text, parent=above.to if above else None)
            made = self.writer.make(lambda: self.target.add_page(new), lambda: self._found(key))
            self._note(key, made.id, title, text)
            self.report.written[PAGE] += 1
        elif (line.title_sha256, line.text_sha256) == (digest(title), digest(text)):
            self.report.unchanged[PAGE] += 1
        else:
            self._edit(line, title, text)

    def _edit(self, line: WrittenLine, title: str, text: str) -> None:
        there = self._there.get(line.key)
        if there is None or digest(there.text) not in (line.text_sha256, digest(text)):
            self.report.notes.append(
                Phrase("the page {title} was changed at the target: it is left as it is", title=repr(title))
            )
            return
        self.writer.set(lambda: self.target.edit_page(line.to, title, text))
        self._note(line.key, line.to, title, text)
        self.report.edited[PAGE] += 1

    def _recovered(self, key: ItemKey) -> WrittenLine | None:
        """What a run made that was cut off before it noted it."""
        there = self._there.get(key)
        if there is None:
            return None
        line = self._line(key, there.id, there.title, there.text)
        return self.written.add(line)

    def _found(self, key: ItemKey) -> TargetPage | None:
        self._look()
        return self._there.get(key)

    def _note(self, key: ItemKey, page: str, title: str, text: str) -> None:
        """Durable, so that it is not made again."""
        line = self._line(key, page, title, text)
        known = self.written.get(key)
        self.written.add(line if known is None else replace_line(known, **_changes(line)))
        self._sent.add(key)

    def _line(self, key: ItemKey, page: str, title: str, text: str) -> WrittenLine:
        return WrittenLine(
            source=key.source,
            kind=key.kind,
            number=key.number,
            to=page,
            at=self.now().isoformat(timespec="seconds"),
            text_sha256=digest(text),
            title_sha256=digest(title),
        )

    def _prove(self) -> None:
        """Read back what this run sent."""
        if not self._sent:
            return
        self._look()
        different = [key for key in self._sent if not self._is_as_sent(key)]
        if different:
            self.report.problems.append(
                NotAsSent(
                    Plural(
                        "{count} page is not at the target as it was sent",
                        "{count} pages are not at the target as they were sent",
                        count=len(different),
                    )
                )
            )

    def _is_as_sent(self, key: ItemKey) -> bool:
        line, there = self.written.get(key), self._there.get(key)
        if line is None or there is None:
            return False
        return (line.text_sha256, line.title_sha256) == (digest(there.text), digest(there.title))

    def _key(self, page: str) -> ItemKey:
        return ItemKey(self.texts.references.source, PAGE, page)


def _changes(line: WrittenLine) -> dict[str, str]:
    return {"at": line.at, "text_sha256": line.text_sha256, "title_sha256": line.title_sha256}


def _from_the_top(pages: Iterable[WikiPage]) -> list[WikiPage]:
    """Each after the one above it, in the order in which they stand there; one whose page above is gone, at the end."""
    waiting = sorted(pages, key=lambda page: (page.order is None, page.order or 0, natural_order(page.id)))
    done: dict[str | None, None] = {None: None}
    ordered: list[WikiPage] = []
    while ready := [page for page in waiting if page.parent in done]:
        ordered += ready
        done.update((page.id, None) for page in ready)
        waiting = [page for page in waiting if page.id not in done]
    return [*ordered, *waiting]
