"""about.json: of what a metadata repository is, and what it holds."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from matou.archive.metadata.json_form import decode, encode
from matou.archive.metadata.tree_paths import ABOUT
from matou.errors import Invalid
from matou.model.decodable import decodable
from matou.model.metadata import MetadataValue

FORMAT: Final = 1
"""Of metadata repositories; another one gives another meaning to what is there."""


class NewerMetadata(Invalid):
    """A metadata repository that a later Matou wrote in a form that this one does not know."""


class _Head(msgspec.Struct, frozen=True):
    """What every format says."""

    format: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount(MetadataValue):
    """What there is of a kind.

    Attributes:
        items: all that are kept, those that are gone at the source too.
        gone: the keys of those that are gone, sorted.
        bytes: of the blobs of attachments or assets; each counts once a place.
        missing: files whose bytes could not be had.
    """

    items: int
    gone: tuple[str, ...] | None = None
    bytes: int | None = None
    missing: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class About(MetadataValue):
    """Whose metadata it is. `run` is the run that last changed something, `language` that of its lists."""

    format: int = FORMAT
    platform: str
    host: str
    id: str
    path: str
    run: int = 0
    language: str = "en"
    counts: Mapping[str, KindCount] = field(default_factory=dict)


def encode_about(about: About) -> bytes:
    return encode(about)


def decode_about(content: bytes) -> About:
    """Raises DamagedMetadata, or NewerMetadata."""
    with contextlib.suppress(msgspec.DecodeError):
        number = msgspec.json.decode(content, type=decodable(_Head)).format
        if number > FORMAT:
            raise NewerMetadata("a newer Matou wrote this metadata: format {number} is not known", number=number)
    return decode(About, content, path=ABOUT)
