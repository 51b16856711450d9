"""What texts name of their source, made to lead to the same at the target: `#7`, `!12`, addresses, pictures."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from matou.model.metadata_targets import ItemKind, MetadataRules
from matou.transfer.migrate.conversation.markdown_text import NO_WIDTH, quiet, split_code
from matou.transfer.migrate.conversation.markers import ItemKey, without_markers
from matou.transfer.migrate.conversation.written_map import WrittenMap

_URL: Final = r"https?://[^\s<>\"'`()\[\]{}|\\^，。；、（）]+"
_NUMBER: Final = r"(?<![\w&/#!(\[])(?P<sign>[#!])(?P<number>[1-9][0-9]{0,15}|I[0-9A-Z]{4,8})(?!\w)"
_PLAIN: Final = re.compile(f"(?P<url>{_URL})|{_NUMBER}")
_TRAILING: Final = ".,;:!?"

Numbers = Mapping[tuple[ItemKind, str], tuple[ItemKind, str]]


@dataclass(frozen=True, kw_only=True)
class References:
    """What is known of where the items of one source are at the target.

    Attributes:
        source: see `ItemKey`.
        wanted: the numbers of those that are not written yet, as far as they are known before.
        addresses: the items by their pages at the source.
    """

    source: str
    rules: MetadataRules
    written: WrittenMap
    wanted: Numbers
    addresses: Mapping[str, tuple[ItemKind, str]]

    def in_text(self, text: str, files: Mapping[str, str]) -> str:
        """A text that mentions nobody, and in which everything leads to where it is now; code stays as it is.

        Args:
            files: where those are now that the text names, by their addresses as they stand there.
        """
        named = sorted(filter(None, files), key=len, reverse=True)
        pattern = re.compile("|".join(["(?P<file>" + "|".join(map(re.escape, named)) + ")", _PLAIN.pattern]))
        parts = split_code(without_markers(text))
        parts[::2] = [self._outside_code(part, pattern if named else _PLAIN, files) for part in parts[::2]]
        return "".join(parts)

    def is_wanted(self, number: int) -> bool:
        """Whether an item that the archive has is to have that number."""
        return str(number) in self._wanted_numbers

    @cached_property
    def _wanted_numbers(self) -> frozenset[str]:
        return frozenset(to for _kind, to in self.wanted.values())

    def address_of(self, kind: ItemKind, number: str) -> str:
        """The page of an item at the target; empty where nobody knows it."""
        line = self.written.get(ItemKey(self.source, kind.value, number))
        return "" if line is None else line.url

    def _outside_code(self, text: str, pattern: re.Pattern[str], files: Mapping[str, str]) -> str:
        pieces, position = [], 0
        for found in pattern.finditer(text):
            pieces += [quiet(text[position : found.start()]), self._replaced(found, files)]
            position = found.end()
        return "".join([*pieces, quiet(text[position:])])

    def _replaced(self, found: re.Match[str], files: Mapping[str, str]) -> str:
        groups = found.groupdict()
        if groups.get("file"):
            return files[groups["file"]]
        if groups["url"]:
            return self._address(groups["url"])
        return self._number(groups["sign"], groups["number"])

    def _address(self, url: str) -> str:
        bare = url.rstrip(_TRAILING)
        page = bare.partition("#")[0]
        item = self.addresses.get(bare) or self.addresses.get(page)
        address = self.address_of(*item) if item else ""
        if address:
            return address + url[len(bare) :]
        # What has no host is no address to the target, but a text.
        return quiet(url) if "@" in url.partition("://")[2].partition("/")[0] else url

    def _number(self, sign: str, number: str) -> str:
        kinds = (ItemKind.CHANGE,) if sign == "!" else (ItemKind.ISSUE, ItemKind.CHANGE)
        for kind in kinds:
            if (known := self._known(kind, number)) is not None:
                to_kind, to = known
                return f"{self._sign(to_kind)}{to}"
        return f"{sign}{NO_WIDTH}{number}"

    def _known(self, kind: ItemKind, number: str) -> tuple[ItemKind, str] | None:
        line = self.written.get(ItemKey(self.source, kind.value, number))
        return self.wanted.get((kind, number)) if line is None else (ItemKind(line.to_kind), line.to)

    def _sign(self, kind: ItemKind) -> str:
        return self.rules.issue_sign if kind is ItemKind.ISSUE else self.rules.change_sign
