"""The files of an item: those that its texts name and those that the platform lists, each kept once as a blob."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from matou.errors import MatouError
from matou.model.metadata import (
    Artifact,
    AttachedFile,
    ChangeRequest,
    Comment,
    Item,
    MetadataValue,
    ReleaseAsset,
    SavedRelease,
)
from matou.model.metadata.kinds import ASSET, ATTACHMENT, MetadataKind
from matou.platforms.base.metadata import MetadataReader
from matou.transfer.backup.metadata.file_fetcher import FetchedFile, FileSource
from matou.transfer.backup.metadata.text_addresses import addresses_in

V = TypeVar("V", bound=MetadataValue)

NAMELESS: Final = "file"


@dataclass(slots=True)
class FileKeeper:
    """Gives items their files. For one repository or namespace, and one thread.

    Attributes:
        wants_attachments, wants_assets: what is not wanted is named, and not fetched.
        largest_bytes: what is known to be larger is not asked for; None for any size.
        lost: the digests of files that were saved and are damaged: these are fetched again.
        faults: why something could not be had now, the newest; the item is to be looked at again by the next run.
    """

    reader: MetadataReader
    source: FileSource
    wants_attachments: bool = True
    wants_assets: bool = True
    is_sweep: bool = False
    largest_bytes: int | None = None
    lost: frozenset[str] = frozenset()
    faults: list[MatouError] = field(default_factory=list)
    _fetched: dict[str, FetchedFile] = field(default_factory=dict)
    _left_out: dict[str, dict[str, str]] = field(default_factory=dict)
    _fetched_signed: set[str] = field(default_factory=set)

    def lacks(self, value: MetadataValue) -> bool:
        """Whether a file is wanted that was neither fetched nor found missing, since a host was away, say."""
        files: list[AttachedFile | ReleaseAsset] = [*files_in(value)] if self.wants_files_of(value) else []
        files += value.assets if isinstance(value, SavedRelease) and self.wants_assets else ()
        return any(file.sha256 is None and file.missing is None and not self.is_too_large(file) for file in files)

    def wants_files_of(self, value: MetadataValue) -> bool:
        """An artifact is its files; of anything else they are attachments."""
        return self.wants_attachments or isinstance(value, Artifact)

    def left_out(self) -> dict[str, list[str]]:
        """By kind, the names of what is larger than is wanted."""
        return {kind: list(names.values()) for kind, names in self._left_out.items()}

    def leave_out(self, kind: MetadataKind, file: AttachedFile | ReleaseAsset) -> None:
        self._left_out.setdefault(kind.name, {})[file.url] = file.name

    def is_too_large(self, file: AttachedFile | ReleaseAsset) -> bool:
        return self.largest_bytes is not None and file.size is not None and file.size > self.largest_bytes

    def with_files(self, value: V, before: MetadataValue | None, addresses: Mapping[str, str]) -> V:
        """The item with what its texts and the platform name, fetched as far as it is not here yet.

        Args:
            before: the item as it was saved: what was fetched for it is not fetched again.
            addresses: see `ItemRead.addresses`.
        """
        known = {file.url: file for file in files_in(before)}
        work = _OneItem(self, known, addresses, is_wanted=self.wants_files_of(value))
        if isinstance(value, SavedRelease):
            assets = tuple(work.asset(asset, _assets_of(before)) for asset in value.assets)
            return work.with_text_files(replace(value, assets=assets))
        if isinstance(value, Item):
            return work.with_files_of_item(value)
        return work.with_text_files(value) if hasattr(value, "files") else value

    def fetch(self, url: str, name: str, signed: str | None) -> FetchedFile:
        """Once a run, however many texts name it; once more where the first way led nowhere and another one is known.

        A release's file, say, that a comment names as well: the token goes with the former alone.
        """
        fetched = self._fetched.get(url)
        has_new_way = signed is not None and url not in self._fetched_signed
        if fetched is None or (fetched.sha256 is None and has_new_way):
            fetched = self.source.fetch(url, name, lambda given: self.reader.download(url, given), signed)
            self._fetched[url] = fetched
            if signed is not None:
                self._fetched_signed.add(url)
        if fetched.fault is not None:
            self.faults.append(fetched.fault)
        return fetched


@dataclass(frozen=True, slots=True)
class _OneItem:
    keeper: FileKeeper
    known: Mapping[str, AttachedFile]
    addresses: Mapping[str, str]
    is_wanted: bool

    def with_text_files(self, value: V, more: Iterable[str] = ()) -> V:
        """A value that has a text and files; the platform may have listed some of them."""
        given: tuple[AttachedFile, ...] = getattr(value, "files", ())
        files = {file.url: file for file in given}
        for url in (*self.named_in(value), *more):
            files.setdefault(url, AttachedFile(url=url, name=name_in(url)))
        kept = tuple(self.file(file) for file in files.values())
        return value if kept == given else _with(value, files=kept)

    def named_in(self, value: object) -> Iterator[str]:
        text = getattr(value, "text", None)
        if text is not None:
            yield from (url for url in addresses_in(text) if self.keeper.reader.is_attachment(url))

    def file(self, file: AttachedFile) -> AttachedFile:
        before = self.known.get(file.url)
        if before is not None and self._is_kept(before, file):
            return replace(file, sha256=before.sha256, size=before.size, type=before.type, missing=before.missing)
        if before is not None and file.size is None:
            file = replace(file, size=before.size)
        if not self.is_wanted:
            return file
        fetched = self.fetched(ATTACHMENT, file)
        size = file.size if fetched.size is None else fetched.size
        return replace(file, sha256=fetched.sha256, size=size, type=fetched.type, missing=fetched.missing)

    def fetched(self, kind: MetadataKind, file: AttachedFile | ReleaseAsset) -> FetchedFile:
        """Nothing is known of one that is too large but its size."""
        if self.keeper.is_too_large(file):
            found = FetchedFile(size=file.size)
        else:
            found = self.keeper.fetch(file.url, file.name, self.addresses.get(file.url))
        if found.is_left_out:
            self.keeper.leave_out(kind, file)
        return found

    def with_files_of_item(self, item: V) -> V:
        changes: dict[str, Any] = {"comments": self._with_files_of(getattr(item, "comments", ()))}
        more: list[str] = []
        if isinstance(item, ChangeRequest):
            threads = item.threads
            changes["threads"] = tuple(replace(one, comments=self._with_files_of(one.comments)) for one in threads)
            # A review has no files of its own.
            more = [url for review in item.reviews for url in self.named_in(review)]
        return self.with_text_files(_with(item, **changes), more)

    def _with_files_of(self, comments: Iterable[Comment]) -> tuple[Comment, ...]:
        return tuple(self.with_text_files(comment) for comment in comments)

    def asset(self, asset: ReleaseAsset, before: Mapping[str, ReleaseAsset]) -> ReleaseAsset:
        old = before.get(asset.url)
        if old is not None and self._is_same_asset(old, asset):
            return replace(asset, sha256=old.sha256, size=old.size, missing=old.missing)
        if not self.keeper.wants_assets:
            return asset
        fetched = self.fetched(ASSET, asset)
        size = asset.size if fetched.size is None else fetched.size
        return replace(asset, sha256=fetched.sha256, size=size, missing=fetched.missing)

    def _is_kept(self, before: AttachedFile, now: AttachedFile) -> bool:
        if before.sha256 is None:
            return before.missing is not None and not self.keeper.is_sweep
        return before.sha256 not in self.keeper.lost and (now.size is None or now.size == before.size)

    def _is_same_asset(self, before: ReleaseAsset, now: ReleaseAsset) -> bool:
        if before.sha256 is None:
            return before.missing is not None and not self.keeper.is_sweep
        is_same = (now.id, now.at) == (before.id, before.at) and (now.size is None or now.size == before.size)
        return is_same and before.sha256 not in self.keeper.lost


def _with(value: V, **changes: Any) -> V:
    """`replace` for what is known to have these fields by its class alone."""
    changed: V = replace(value, **changes)
    return changed


def files_in(value: MetadataValue | None) -> Iterator[AttachedFile]:
    """Every file that an item, or anything in it, names."""
    yield from getattr(value, "files", ())
    for comment in comments_in(value):
        yield from comment.files


def comments_in(value: MetadataValue | None) -> Iterator[Comment]:
    if isinstance(value, Item):
        yield from value.comments
    if isinstance(value, ChangeRequest):
        for thread in value.threads:
            yield from thread.comments


def name_in(url: str) -> str:
    """What a file is called by its address."""
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]) or NAMELESS


def _assets_of(value: MetadataValue | None) -> Mapping[str, ReleaseAsset]:
    return {asset.url: asset for asset in value.assets} if isinstance(value, SavedRelease) else {}
