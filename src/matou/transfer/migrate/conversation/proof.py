"""Reads back what was written: what the target shows must be what it was sent."""

from matou.errors import Damaged, Plural
from matou.model.metadata_targets import ItemKind
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.target_contents import TargetContents
from matou.transfer.migrate.conversation.written_map import WrittenLine, WrittenMap, digest


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


def _items(written: WrittenMap) -> list[WrittenLine]:
    return [line for line in written.lines.values() if line.to_kind]


def _is_as_sent(contents: TargetContents, line: WrittenLine) -> bool:
    found = contents.items.get(line.key)
    if found is None:
        return False
    _address, item = found
    state = "closed" if item.is_closed else "open"
    return digest(item.text) == line.text_sha256 and digest(item.title) == line.title_sha256 and state == line.state
