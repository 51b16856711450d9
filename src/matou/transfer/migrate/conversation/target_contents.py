"""What a target's repository has: each item by its marker, the highest number, and the comments of one item."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from matou.errors import UnknownShape
from matou.model.metadata_targets import ItemAddress, ItemKind, TargetComment, TargetItem
from matou.platforms.base.metadata_target import MetadataTarget
from matou.transfer.migrate.conversation.markers import ItemKey, key_in
from matou.transfer.migrate.conversation.written_map import WrittenMap

_NUMBER: Final = re.compile(r"[0-9A-Za-z]{1,20}\Z")


@dataclass
class TargetContents:
    """Looked at once, and again where the answer to a write was lost.

    A marker counts where we wrote it: anybody may write an item that has one, at a target that is open to them.

    Attributes:
        account: whom the token stands for at the target.
        items: those that have a marker of ours.
        others: items of others that have a marker.
    """

    target: MetadataTarget
    account: str
    written: WrittenMap
    items: dict[ItemKey, tuple[ItemAddress, TargetItem]] = field(default_factory=dict)
    others: set[ItemAddress] = field(default_factory=set)
    _highest: dict[ItemKind, int] = field(default_factory=dict)

    def look(self, kinds: Iterable[ItemKind]) -> None:
        for kind in kinds:
            for item in self.target.items(kind):
                self.note(kind, item)

    def note(self, kind: ItemKind, item: TargetItem, *, is_made_now: bool = False) -> ItemAddress:
        """Raises UnknownShape for a number that is none."""
        address = ItemAddress(kind, require_number(item.number))
        if item.number.isdigit():
            self._highest[kind] = max(self._highest.get(kind, 0), int(item.number))
        key = key_in(item.text)
        if key is None:
            return address
        if is_made_now or self._is_ours(key, item.number, item.author):
            self.items[key] = address, item
        else:
            self.others.add(address)
        return address

    def _is_ours(self, key: ItemKey, id_: str, author: str | None) -> bool:
        """What the map has is ours, whoever wrote it then; else what this account wrote."""
        line = self.written.get(key)
        if line is not None:
            return line.to == id_
        return author is None or author.casefold() == self.account.casefold()

    def find_again(self, kind: ItemKind, key: ItemKey) -> TargetItem | None:
        self.look([kind])
        found = self.items.get(key)
        return found[1] if found and found[0].kind is kind else None

    def highest(self, kind: ItemKind) -> int:
        """The highest number of those that count as this kind does."""
        kinds = ItemKind if self.target.rules.shares_numbers else (kind,)
        return max((self._highest.get(one, 0) for one in kinds), default=0)

    def comments(self, item: ItemAddress) -> dict[ItemKey, TargetComment]:
        found = ((key_in(comment.text), comment) for comment in self.target.comments(item))
        return {
            key: comment for key, comment in found if key is not None and self._is_ours(key, comment.id, comment.author)
        }


def require_number(number: str) -> str:
    """A number that may stand in a text and in an address. Raises UnknownShape."""
    if not _NUMBER.match(number):
        raise UnknownShape("number of an item at the target", number)
    return number
