"""Which repository of a target gets what was said around which repository or namespace of the archive."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from matou.archive.layout import Archive
from matou.archive.run_history import host_of
from matou.errors import Damaged, NotFound, Phrase
from matou.model.metadata.kinds import ATTACHMENT, CHANGE, ISSUE, RELEASE, WIKI_PAGE
from matou.model.metadata_targets import MetadataRules
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.base.metadata_target import MetadataTarget
from matou.transfer.common.saved_metadata import SavedMetadata, list_metadata
from matou.transfer.migrate.conversation.file_limits import foreseen_files
from matou.transfer.migrate.conversation.history_repository import HistoryRepositories
from matou.transfer.migrate.conversation.migration import (
    ConversationMigration,
    ConversationOptions,
    MigratedConversation,
    name_of_source,
)
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.writer import OnceWriter
from matou.transfer.migrate.conversation.written_map import (
    MapHead,
    WrittenElsewhere,
    WrittenMap,
    map_path,
    other_repository_with,
)
from matou.transfer.migrate.inventory import Carriable
from matou.transfer.migrate.plan import Move
from matou.transfer.migrate.refs import HEADS

_TAGS: Final = "refs/tags/"
_COUNTED: Final = (ISSUE, CHANGE, RELEASE, WIKI_PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationWriting:
    """How what was said is written to one target.

    Attributes:
        open: its part for one repository.
        rules: what the target takes.
        platform, url: of the target.
        platform_title: what a platform calls itself.
    """

    open: Callable[[TargetRepository], MetadataTarget]
    rules: MetadataRules
    platform: str
    url: str
    writer: OnceWriter
    options: ConversationOptions
    platform_title: Callable[[str], str]
    now: Callable[[], datetime]


class Conversations:
    """What was said around the repositories of one migration; threads may share it."""

    def __init__(
        self,
        archive: Archive,
        writing: ConversationWriting,
        moves: Sequence[Move],
        histories: HistoryRepositories,
        account: str,
    ) -> None:
        self._archive = archive
        self._writing = writing
        self._histories = histories
        self._account = account
        wanted = [saved for saved in list_metadata(archive).saved if any(map(saved.has, _COUNTED))]
        self._own = {saved.line.path: saved for saved in wanted if not saved.is_of_namespace}
        self._of_namespaces = _homes((saved for saved in wanted if saved.is_of_namespace), moves)

    def write(
        self, move: Move, repository: TargetRepository, refs: Iterable[str], *, is_private: bool
    ) -> ConversationReport | None:
        """Write to what the code was brought to; None where nothing was said, or nothing is wanted of it.

        Raises:
            BadCredential: the token is not good any more.
            Cancelled: it was cancelled.
        """
        is_private = is_private and repository.visibility is Visibility.PRIVATE
        notes: list[Phrase] = []
        saved = tuple(self._not_elsewhere(self._saved(move), repository, notes.append))
        # Only members of a namespace read what was said around it, however open one of its repositories is.
        withheld = () if is_private else tuple(one for one in saved if one.is_of_namespace)
        report = self._report_of(
            tuple(one for one in saved if one not in withheld), repository, refs, is_private=is_private
        )
        if withheld or notes:
            report = report or ConversationReport()
            report.notes += notes
            for one in withheld:
                path = repr(one.line.path)
                report.lose(
                    Phrase("what was said around {path} is for its members, and others may see this", path=path)
                )
        return report

    def foreseen(self, move: Move) -> tuple[Phrase, ...]:
        """What becomes of pictures and files that the target does not simply take."""
        if not self._writing.options.wants(ATTACHMENT):
            return ()
        is_private = move.visibility is Visibility.PRIVATE
        saved = [one for one in self._saved(move) if is_private or not one.is_of_namespace]
        name, rules = self._histories.name_beside(move.target_path.name), self._writing.rules
        return tuple(foreseen_files(self._archive, saved, rules, Carriable.at(move.visibility), name))

    def _not_elsewhere(
        self, saved: Iterable[SavedMetadata], repository: TargetRepository, note: Callable[[Phrase], None]
    ) -> Iterator[SavedMetadata]:
        """What was said around a namespace stays where an earlier run has put it: it moved other repositories then."""
        for one in saved:
            home = None
            if one.is_of_namespace:
                home = other_repository_with(self._archive, self._head(repository), name_of_source(one))
            if home is None:
                yield one
            else:
                path, where = repr(one.line.path), repr(home)
                note(
                    Phrase("what was said around {path} is in {where} already, and stays there", path=path, where=where)
                )

    def _report_of(
        self,
        saved: tuple[SavedMetadata, ...],
        repository: TargetRepository,
        refs: Iterable[str],
        *,
        is_private: bool,
    ) -> ConversationReport | None:
        if not saved:
            return None
        names = list(refs)
        conversation = MigratedConversation(
            saved=saved,
            branches={name.removeprefix(HEADS) for name in names if name.startswith(HEADS)},
            tags={name.removeprefix(_TAGS) for name in names if name.startswith(_TAGS)},
            is_private=is_private,
            platform_title=self._writing.platform_title,
        )
        try:
            return self._write(conversation, repository)
        except (Damaged, NotFound, WrittenElsewhere) as error:
            return ConversationReport(problems=[error])

    def _write(self, conversation: MigratedConversation, repository: TargetRepository) -> ConversationReport:
        writing, account = self._writing, self._account
        head = self._head(repository)
        with WrittenMap.opened(self._archive, head) as written:
            target = writing.open(repository)
            history = self._histories.beside(repository, map_path(self._archive, head).with_suffix(".history"))
            return ConversationMigration(
                self._archive,
                conversation,
                target,
                written,
                writing.writer,
                writing.options,
                writing.now,
                history,
                account,
            ).run()

    def _head(self, repository: TargetRepository) -> MapHead:
        writing = self._writing
        return MapHead(
            target=writing.platform,
            target_host=host_of(writing.url),
            repository=repository.id,
            language=writing.options.language,
            keeps_numbers=writing.options.keeps_numbers is not False,
        )

    def _saved(self, move: Move) -> tuple[SavedMetadata, ...]:
        """A namespace's issues go before what has none of its own, so that they keep their numbers."""
        path = move.candidate.line.path
        own, around = self._own.get(path), self._of_namespaces.get(path, [])
        if move.candidate.is_wiki:
            return ()
        if own is None:
            return tuple(around)
        return (own, *around) if own.has(ISSUE) else (*around, own)


def _homes(namespaces: Iterable[SavedMetadata], moves: Sequence[Move]) -> Mapping[str, list[SavedMetadata]]:
    """A namespace's issues go to its repository of the same name, or else to the first one: of those that only members
    see, if there is any."""
    homes = defaultdict[str, list[SavedMetadata]](list)
    for saved in namespaces:
        name = saved.line.path.rpartition("/")[2]
        inside = sorted(
            (move.visibility is not Visibility.PRIVATE, path != f"{saved.line.path}/{name}", path)
            for move in moves
            if not move.candidate.is_wiki and (path := move.candidate.line.path).startswith(f"{saved.line.path}/")
        )
        for _, _, path in inside[:1]:
            homes[path].append(saved)
    return homes
