"""Texts in a GitLab project export: their files beside them, numbers as they are there, and what has no other place."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote

from matou.i18n import gettext as _
from matou.model.metadata import AttachedFile, MarkupText, ReleaseAsset
from matou.model.metadata.shared_numbers import SharedNumbers
from matou.transfer.export.facts import Fact
from matou.transfer.export.gitlab.wire import clean
from matou.transfer.export.markdown_files import fence_around, literal
from matou.transfer.export.source import ExportSource

_SECRET_DIGITS: Final = 32
"""Of the folder of each file; who knows it and may see the project may load the file."""

_PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".ico", ".webp", ".tiff"})
_LONGEST_NAME_READ: Final = 4096
_LONGEST_NAME_BYTES: Final = 200
_LONGEST_SUFFIX: Final = 16
_KEPT_IN_NAMES: Final = frozenset("._-+")
_KEPT_CATEGORIES: Final = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})


class ExportedTexts:
    """Makes texts, and remembers the files that they name.

    Attributes:
        uploads: where in the archive the bytes of each file are, by its place below `uploads`.
    """

    def __init__(self, source: ExportSource, numbers: SharedNumbers) -> None:
        self._source = source
        self._numbers = numbers
        self.uploads: dict[str, Path] = {}

    def text(
        self, text: MarkupText | None, files: Iterable[AttachedFile] = (), facts: Iterable[Fact] = (), *, head: str = ""
    ) -> str:
        """What was written, with the facts and the files that it does not name below it.

        Args:
            head: a line above it.
        """
        placed = [(file, self.place_of(file)) for file in files]
        body = self._body(text, {file.url: place for file, place in placed if place is not None and file.url})
        lines = [f"- {literal(label)}: {literal(value)}" for label, value in facts if value]
        lines += [_line(file, place) for file, place in placed if place is None or place not in body]
        parts = [head, body, "\n".join(lines and (["---", "", *lines] if head or body else lines))]
        return clean("\n\n".join(filter(None, parts)))

    def place_of(self, file: AttachedFile | ReleaseAsset) -> str | None:
        """Its address in a text; None where the archive does not have its bytes."""
        blob = self._source.bytes_of(file)
        if blob is None or file.sha256 is None:
            return None
        place = f"{file.sha256[:_SECRET_DIGITS]}/{upload_name(file.name)}"
        self.uploads[place] = blob
        return f"/uploads/{quote(place)}"

    def links(self, assets: Iterable[ReleaseAsset]) -> Iterable[str]:
        """A line for each whose bytes are there."""
        for asset in assets:
            place = self.place_of(asset)
            if place is not None:
                yield f"- [{literal(clean(asset.name))}]({place})"

    def _body(self, text: MarkupText | None, places: Mapping[str, str]) -> str:
        if text is None:
            return ""
        if text.markup == "plain":
            fence = fence_around(text.body)
            return f"{fence}\n{text.body}\n{fence}" if text.body else ""
        body = self._numbers.with_references(text.body)
        if not places:
            return body
        # The longest first: one address may begin as another one is.
        addresses = re.compile("|".join(map(re.escape, sorted(places, key=len, reverse=True))))
        return addresses.sub(lambda found: places[found[0]], body)


def _line(file: AttachedFile, place: str | None) -> str:
    name = literal(clean(file.name))
    if place is None:
        return f"- {name} ({literal(_('not saved: {reason}').format(reason=clean(file.missing or '')))})"
    sign = "!" if PurePosixPath(upload_name(file.name)).suffix.lower() in _PICTURES else ""
    return f"- {literal(_('file'))}: {sign}[{name}]({place})"


def upload_name(name: str) -> str:
    """A file's name as GitLab has it after its own cleaning, so that what a text names is what is there.

    CarrierWave, by GitLab's setting, leaves letters, digits and `._-+`, and writes `_` for all else. Two files of one
    name and one folder have the same bytes.
    """
    kept = "".join(letter if _is_kept(letter) else "_" for letter in name[-_LONGEST_NAME_READ:])
    stem, dot, suffix = kept.rpartition(".")
    ending = f"{dot}{suffix}" if stem and len(suffix) <= _LONGEST_SUFFIX else ""
    stem = kept.removesuffix(ending).encode()[: _LONGEST_NAME_BYTES - len(ending.encode())].decode(errors="ignore")
    return f"{stem}{ending}" if stem.strip(".") else f"_{stem}{ending}"


def _is_kept(letter: str) -> bool:
    return letter in _KEPT_IN_NAMES or unicodedata.category(letter) in _KEPT_CATEGORIES
