"""What was said around one repository, to one repository of a target: in order, once, and as often as one likes.

People's texts go in the order in which they were numbered: labels and milestones first, then each item with its
comments right after it, then releases. A second walk puts right what named something that had no number yet.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from matou.archive.layout import Archive
from matou.archive.metadata import MetadataTree, natural_order
from matou.archive.metadata.items import files_in
from matou.archive.run_history import host_of
from matou.errors import Damaged, MatouError, Phrase, Plural, TryLater
from matou.git.odb.objects import TooLargeToRead
from matou.http.tokens import BadCredential
from matou.i18n import speaking
from matou.model.metadata import AttachedFile, ChangeRequest, Item, SavedRelease, WikiPage
from matou.model.metadata.kinds import ASSET, ATTACHMENT, CHANGE, ISSUE, RELEASE, WIKI_PAGE, MetadataKind
from matou.model.metadata_targets import FileDelivery, ItemAddress, ItemKind
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.metadata_target import (
    AuthorWriter,
    FileCommitting,
    IssueImporter,
    MetadataTarget,
    WikiWriting,
)
from matou.transfer.common.saved_metadata import SavedMetadata
from matou.transfer.export.source import ExportSource
from matou.transfer.migrate.conversation.committed_files import CommittedFiles
from matou.transfer.migrate.conversation.file_uploads import FileUploads
from matou.transfer.migrate.conversation.headers import HeaderLines
from matou.transfer.migrate.conversation.history_repository import HistoryRepository
from matou.transfer.migrate.conversation.item_texts import ItemTexts
from matou.transfer.migrate.conversation.item_writer import ItemWriter
from matou.transfer.migrate.conversation.markers import ItemKey, source_name
from matou.transfer.migrate.conversation.numbering import (
    OutlinedItem,
    gaps,
    has_too_many_gaps,
    in_order,
    wanted_numbers,
)
from matou.transfer.migrate.conversation.proof import SentComments, prove, prove_comments
from matou.transfer.migrate.conversation.references import References
from matou.transfer.migrate.conversation.release_writer import ReleaseWriter
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.target_contents import TargetContents
from matou.transfer.migrate.conversation.vocabulary import TargetVocabulary
from matou.transfer.migrate.conversation.wiki_writer import WikiWriter
from matou.transfer.migrate.conversation.writer import OnceWriter
from matou.transfer.migrate.conversation.written_map import DRAFT, WrittenLine, WrittenMap

_MOST_IN_A_ROW: Final = 5
"""Items that the target refuses one after another: then it is not the items."""

PROJECT_ISSUES: Final = "project-issue"
"""How a report counts issues of a namespace itself."""
CLOSED_CHANGES: Final = "closed-change"
"""And change requests that are not open, whatever they became."""

RELEASE_DRAFTS: Final = "release-draft"
"""And releases that are not published yet."""

_KINDS: Final[Mapping[ItemKind, MetadataKind]] = {ItemKind.ISSUE: ISSUE, ItemKind.CHANGE: CHANGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationOptions:
    """What a person chose.

    Attributes:
        wants: which kinds.
        language: of header lines, `zh` or `en`; where something was written before, that one stays.
        keeps_numbers: fill gaps so that numbers stay; None where that costs little.
        people: whom a person of the source is at the target, by `platform:key`.
    """

    wants: Callable[[MetadataKind], bool]
    language: str = "en"
    keeps_numbers: bool | None = None
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratedConversation:
    """What is to be written to one repository, and what it has of the code.

    Attributes:
        saved: what was said around it, and around the namespace where that belongs here; the first one's numbers count.
        branches, tags: those that the target has.
        is_private: whether nobody sees it but those who may: what is confidential is written nowhere else.
    """

    saved: tuple[SavedMetadata, ...]
    branches: Collection[str]
    tags: Collection[str]
    is_private: bool
    platform_title: Callable[[str], str]


@dataclass
class ConversationMigration:
    """Writes to one repository; for one thread."""

    archive: Archive
    conversation: MigratedConversation
    target: MetadataTarget
    written: WrittenMap
    writer: OnceWriter
    options: ConversationOptions
    now: Callable[[], datetime]
    history: HistoryRepository
    account: str
    report: ConversationReport = field(default_factory=ConversationReport)
    sent: SentComments = field(default_factory=lambda: defaultdict(set))

    def run(self) -> ConversationReport:
        """Go as far as the target lets us; what is not there stands in the report.

        Raises:
            BadCredential: the token is not good any more.
            Cancelled: waiting was cut short.
        """
        contents = TargetContents(self.target, self.account, self.written)
        try:
            contents.look(ItemKind)
            self._note_others(contents)
            with speaking(self.written.head.language):
                for place, saved in enumerate(self.conversation.saved):
                    SourceMigration(self, contents, saved, counts_numbers=place == 0).run()
                prove(contents, self.written, self.report)
                prove_comments(contents, self.written, self.sent, self.report)
        except BadCredential:
            raise
        except MatouError as error:
            self.report.problems.append(error)
        self._note_unwritten_authors()
        self.report.there = self._there()
        return self.report

    def _note_unwritten_authors(self) -> None:
        unwritten = self.target.unwritten_authors if isinstance(self.target, AuthorWriter) else {}
        for author, reason in sorted(unwritten.items()):
            self.report.notes.append(
                Phrase(
                    "what {person} said is written under the token's account: {reason}", person=author, reason=reason
                )
            )

    def _note_others(self, contents: TargetContents) -> None:
        if contents.others:
            self.report.notes.append(
                Plural(
                    "{count} item of somebody else's has a mark as ours have, and counts as nothing of ours: #{number}",
                    "{count} items of others have a mark as ours have, and count as nothing of ours: #{number} for one",
                    count=len(contents.others),
                    number=min(contents.others, key=lambda one: (one.kind, one.number)).number,
                )
            )

    def _there(self) -> Counter[str]:
        projects = {name_of_source(saved) for saved in self.conversation.saved if saved.is_of_namespace}
        return Counter(_counted_as(line, projects) for line in self.written.lines.values() if not line.is_planned)


class SourceMigration:
    """One of the sources of a repository's conversation."""

    def __init__(
        self, whole: ConversationMigration, contents: TargetContents, saved: SavedMetadata, *, counts_numbers: bool
    ) -> None:
        self._whole = whole
        self._report = whole.report
        self._contents = contents
        self._saved = saved
        self._tree: MetadataTree = saved.open(whole.archive)
        self._source = ExportSource(whole.archive, saved, self._tree, whole.archive.root)
        self._name = name_of_source(saved)
        self._paths: dict[tuple[ItemKind, str], str] = {}
        self._labels: dict[str, None] = {}
        self._items = self._outlined(counts_numbers=counts_numbers)
        self._files = FileUploads(
            whole.archive,
            self._name,
            whole.target,
            whole.written,
            whole.writer,
            whole.report,
            whole.now,
            FileUploads.known(whole.written, self._name),
        )
        self._texts = self._item_texts()

    def run(self) -> None:
        vocabulary = TargetVocabulary(self._whole.target, self._whole.writer, self._report)
        if self._items:
            vocabulary.bring(self._source, self._labels)
        writer = self._item_writer(vocabulary)
        writer.close_gaps()
        self._commit_files()
        self._write_items(writer, self._items)
        self._write_releases()
        self._write_wiki()
        if writer.fresh:
            self._write_items(writer, [one for one in self._items if self._key(one) in self._whole.written])
        self._count()

    def _commit_files(self) -> None:
        """Before any text is written that names one."""
        whole, target = self._whole, self._whole.target
        is_committed = target.rules.file_delivery is FileDelivery.COMMITTED and whole.options.wants(ATTACHMENT)
        if not is_committed or not isinstance(target, FileCommitting):
            return
        CommittedFiles(
            archive=whole.archive,
            source=self._name,
            target=target,
            history=whole.history,
            written=whole.written,
            uploads=self._files,
            report=self._report,
            now=whole.now().isoformat(timespec="seconds"),
        ).bring(self._named_files())

    def _named_files(self) -> Iterator[AttachedFile]:
        """Those of all that is going to be written; what is damaged is told where it is."""
        for outlined in self._items:
            with suppress(Damaged, TooLargeToRead):
                yield from files_in(self._tree.item_at(_KINDS[outlined.kind], self._paths[outlined.counts_as]))
        if self._whole.options.wants(RELEASE) and self._saved.has(RELEASE):
            for _, release in self._source.items(RELEASE):
                yield from files_in(release) if self._is_to_be_released(release) else ()

    def _is_to_be_released(self, release: SavedRelease) -> bool:
        is_hidden = release.draft and not self._whole.target.rules.has_release_drafts
        return release.gone_in is None and release.tag in self._whole.conversation.tags and not is_hidden

    def _write_items(self, writer: ItemWriter, items: Iterable[OutlinedItem]) -> None:
        in_a_row = 0
        for outlined in items:
            try:
                self._write_item(writer, outlined)
                in_a_row = 0
            except (BadCredential, TryLater, NotOffered):
                raise
            except MatouError as error:
                in_a_row += 1
                writer.fresh.discard(self._key(outlined))
                sign = "!" if outlined.kind is ItemKind.CHANGE else "#"
                self._note(MatouError("{place}: {fault}", place=f"{sign}{outlined.number}", fault=error.fact))
                if in_a_row == _MOST_IN_A_ROW:
                    raise

    def _write_item(self, writer: ItemWriter, outlined: OutlinedItem) -> None:
        item = self._tree.item_at(_KINDS[outlined.kind], self._paths[outlined.counts_as])
        if not isinstance(item, Item):
            return
        wants_files = self._whole.options.wants(ATTACHMENT)
        if wants_files:
            self._files.bring(item, None)
        writer.write(item, outlined)
        line = self._whole.written.get(self._key(outlined))
        known = len(self._files.addresses)
        if wants_files and line is not None:
            self._files.bring(item, ItemAddress(ItemKind(line.to_kind), line.to))
        if len(self._files.addresses) > known and self._whole.target.rules.file_delivery is FileDelivery.ATTACHED:
            writer.write(item, outlined)

    def _write_wiki(self) -> None:
        whole, target = self._whole, self._whole.target
        if not isinstance(target, WikiWriting) or not whole.options.wants(WIKI_PAGE) or not self._saved.has(WIKI_PAGE):
            return
        pages: list[WikiPage] = [one for _, one in self._source.items(WIKI_PAGE) if one.gone_in is None]
        for page in pages if whole.options.wants(ATTACHMENT) else ():
            self._files.bring(page, None)
        longest, written = target.rules.longest_page, whole.written
        WikiWriter(target, longest, written, whole.writer, self._texts, self._report, whole.now).write(pages)

    def _write_releases(self) -> None:
        if not self._whole.options.wants(RELEASE) or not self._saved.has(RELEASE):
            return
        writer = ReleaseWriter(
            self._whole.archive,
            self._whole.target,
            self._whole.written,
            self._whole.writer,
            self._texts,
            self._report,
            self._whole.now,
            self._whole.conversation.tags,
            sends_assets=self._whole.options.wants(ASSET),
        )
        writer.look()
        for release in self._releases():
            try:
                if self._whole.options.wants(ATTACHMENT) and self._is_to_be_released(release):
                    self._files.bring(release, None)
                writer.write(release)
            except (BadCredential, TryLater, NotOffered):
                raise
            except MatouError as error:
                self._note(error)

    def _releases(self) -> Iterator[SavedRelease]:
        """The oldest first, so that the target's newest is the newest."""
        found: list[SavedRelease] = [one for _, one in self._source.items(RELEASE) if one.gone_in is None]
        self._report.expected["release"] += len(found)
        yield from sorted(found, key=lambda one: (one.published_at or one.at or self._tree.saved_at, one.tag))

    def _item_writer(self, vocabulary: TargetVocabulary) -> ItemWriter:
        platform, people = self._saved.source.platform, self._whole.options.people
        return ItemWriter(
            self._whole.target,
            self._whole.written,
            self._whole.writer,
            self._contents,
            vocabulary,
            self._texts,
            self._report,
            self._whole.now,
            assignees=lambda key: people.get(f"{platform}:{key}"),
            sent=self._whole.sent,
        )

    def _item_texts(self) -> ItemTexts:
        rules = self._whole.target.rules
        references = References(
            source=self._name,
            rules=rules,
            written=self._whole.written,
            wanted=wanted_numbers(self._items),
            addresses={one.url: one.counts_as for one in self._items if one.url},
        )
        title = self._whole.conversation.platform_title(self._saved.source.platform)
        header = HeaderLines(language=self._whole.written.head.language, platform=title, path=self._saved.line.path)
        return ItemTexts(
            source=self._source, header=header, references=references, rules=rules, files=self._files.addresses
        )

    def _outlined(self, *, counts_numbers: bool) -> list[OutlinedItem]:
        outlines = list(self._outlines())
        rules, wished = self._whole.target.rules, self._whole.options.keeps_numbers
        keeps = counts_numbers and wished is not False and self._whole.written.head.keeps_numbers
        items = in_order(outlines, rules, keeps_numbers=keeps, can_be_real=self._can_be_real)
        if wished is None and has_too_many_gaps(items) and not self._sets_numbers:
            self._report.notes.append(
                Phrase("numbers are not kept: that would take {count} placeholders", count=gaps(items))
            )
            items = in_order(outlines, rules, keeps_numbers=False, can_be_real=self._can_be_real)
        return items

    @property
    def _sets_numbers(self) -> bool:
        return isinstance(self._whole.target, IssueImporter) and self._whole.target.sets_numbers

    def _outlines(self) -> Iterator[Item]:
        for kind, metadata_kind in _KINDS.items():
            if self._whole.options.wants(metadata_kind) and self._saved.has(metadata_kind):
                yield from self._outlines_of(kind, metadata_kind)

    def _outlines_of(self, kind: ItemKind, metadata_kind: MetadataKind) -> Iterable[Item]:
        for path in sorted(self._tree.paths(metadata_kind), key=natural_order):
            try:
                outline: Any = self._tree.outline_at(metadata_kind, path)
            except (Damaged, TooLargeToRead) as fault:
                self._note(fault)
                continue
            if self._is_to_be_written(outline):
                self._report.expected[kind.value] += 1
                self._labels.update(dict.fromkeys(outline.labels))
                self._paths[kind, outline.number] = path
                yield outline

    def _is_to_be_written(self, outline: Item) -> bool:
        if outline.gone_in is not None:
            self._report.lose(Phrase("it was deleted at the source, and stays in the archive alone"))
            return False
        if outline.confidential and not self._whole.conversation.is_private:
            self._report.lose(Phrase("it is confidential, and the target's repository may be seen by others"))
            return False
        return True

    def _can_be_real(self, change: ChangeRequest) -> bool:
        branches = self._whole.conversation.branches
        is_here = change.head.repository in (None, "", self._saved.line.path)
        return is_here and change.head.branch in branches and change.base.branch in branches

    def _count(self) -> None:
        for outlined in self._items:
            line = self._whole.written.get(self._key(outlined))
            if line is not None:
                self._report.as_issues += outlined.kind is ItemKind.CHANGE and line.to_kind == ItemKind.ISSUE
                self._report.renumbered += outlined.kind.value == line.to_kind and line.to != outlined.number

    def _key(self, outlined: OutlinedItem) -> ItemKey:
        return ItemKey(self._name, outlined.kind.value, outlined.number)

    def _note(self, error: MatouError) -> None:
        if str(error) not in map(str, self._report.problems):
            self._report.problems.append(error)


def _counted_as(line: WrittenLine, projects: Collection[str]) -> str:
    if line.kind == ItemKind.ISSUE and line.source in projects:
        return PROJECT_ISSUES
    if line.state == DRAFT:
        return RELEASE_DRAFTS
    return CLOSED_CHANGES if line.kind == ItemKind.CHANGE and line.state == "closed" else line.kind


def name_of_source(saved: SavedMetadata) -> str:
    """Of a source, as keys of items have it."""
    return source_name(saved.source.platform, host_of(saved.source.url), saved.line.id)
