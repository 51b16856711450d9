"""Reads back what was written: what the target shows must be what it was sent."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, TypeAlias

from matou.errors import Damaged, Plural
from matou.model.metadata_targets import ItemAddress, ItemKind, TargetComment
from matou.platforms.base.metadata_target import CommentLister, MetadataTarget
from matou.transfer.migrate.conversation.markers import ItemKey, key_in
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.target_contents import TargetContents
from matou.transfer.migrate.conversation.written_map import WrittenLine, WrittenMap, digest

SentComments: TypeAlias = dict[ItemAddress, set[ItemKey]]
"""By what they stand on."""

_FEW: Final = 20
"""So many items are asked for their comments one by one; for more the list of all costs less."""


class NotAsSent(Damaged):
    """The target shows something else than what it said it took."""


def prove(contents: TargetContents, written: WrittenMap, report: ConversationReport) -> None:
    """Compare titles, texts and states of all items that this run changed. What others changed since is theirs."""
    if not report.has_changed:
        report.verified = len(_items(written))
        return
    contents.items.clear()
    contents.look(ItemKind)
    different = [line.to for line in _items(written) if not _is_as_sent(contents, line)]
    report.verified = len(_items(written)) - len(different)
    if different:
        report.problems.append(
            NotAsSent(
                Plural(
                    "{count} item is not at the target as it was sent: #{number}",
                    "{count} items are not at the target as they were sent, #{number} for one",
                    count=len(different),
                    number=different[0],
                )
            )
        )


def prove_comments(
    contents: TargetContents, written: WrittenMap, sent: SentComments, report: ConversationReport
) -> None:
    """The same of the comments that this run sent: each is there once, with the text that was sent.

    A request an item, or where there are many the list of all, where the platform has one.
    """
    wanted = {key: item for item, keys in sent.items() for key in keys}
    there = Counter[tuple[ItemKey, str]]()
    for comment in _comments_of(contents.target, sent):
        if (key := key_in(comment.text)) in wanted:
            there[key, digest(comment.text)] += 1
    counts = Counter(key for key, _ in there.elements())
    different = [key for key in wanted if counts[key] != 1 or not there[key, _sent_digest(written, key)]]
    report.verified_comments = len(wanted) - len(different)
    if different:
        report.problems.append(
            NotAsSent(
                Plural(
                    "{count} comment is not at the target as it was sent, on #{number}",
                    "{count} comments are not at the target as they were sent, one of them on #{number}",
                    count=len(different),
                    number=wanted[different[0]].number,
                )
            )
        )


def _comments_of(target: MetadataTarget, sent: SentComments) -> Iterator[TargetComment]:
    if isinstance(target, CommentLister) and len(sent) > _FEW:
        yield from target.comments_on_all()
        return
    for item in sent:
        yield from target.comments(item)


def _sent_digest(written: WrittenMap, key: ItemKey) -> str:
    line = written.get(key)
    return "" if line is None else line.text_sha256


def _items(written: WrittenMap) -> list[WrittenLine]:
    return [line for line in written.lines.values() if line.to_kind]


def _is_as_sent(contents: TargetContents, line: WrittenLine) -> bool:
    found = contents.items.get(line.key)
    if found is None:
        return False
    _address, item = found
    state = "closed" if item.is_closed else "open"
    return digest(item.text) == line.text_sha256 and digest(item.title) == line.title_sha256 and state == line.state
