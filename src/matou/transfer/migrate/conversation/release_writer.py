"""Releases with their files: each at its tag, which must be there, and no one where it would be seen too early."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from matou.archive.layout import Archive
from matou.errors import MatouError, Phrase, TryLater
from matou.http.tokens import BadCredential
from matou.model.metadata import ReleaseAsset, SavedRelease
from matou.model.metadata_targets import NewFile, NewTargetRelease, TargetRelease
from matou.platforms.base.metadata_target import MetadataTarget
from matou.transfer.export.source import harmless_name
from matou.transfer.migrate.conversation.headers import harmless_address
from matou.transfer.migrate.conversation.item_texts import ItemTexts
from matou.transfer.migrate.conversation.markers import ItemKey
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.writer import OnceWriter
from matou.transfer.migrate.conversation.written_map import DRAFT, WrittenLine, WrittenMap, digest


@dataclass
class ReleaseWriter:
    """For the releases of one source.

    Attributes:
        tags: those that the target has.
        sends_assets: whether files are wanted.
    """

    archive: Archive
    target: MetadataTarget
    written: WrittenMap
    writer: OnceWriter
    texts: ItemTexts
    report: ConversationReport
    now: Callable[[], datetime]
    tags: Collection[str]
    sends_assets: bool
    _there: dict[str, TargetRelease] = field(default_factory=dict)

    def look(self) -> None:
        self._there = {release.tag: release for release in self.target.releases()}

    def write(self, release: SavedRelease) -> None:
        """Raises MatouError where the target does not take it."""
        if release.tag not in self.tags:
            self.report.lose(Phrase("a release has no tag at the target"))
            return
        if release.draft and not self.target.rules.has_release_drafts:
            self.report.lose(Phrase("a release that is not published yet would be seen by all here"))
            return
        there = self._bring(release)
        for asset in release.assets if self.sends_assets else ():
            self._bring_asset(there, release.tag, asset)

    def _bring(self, release: SavedRelease) -> TargetRelease:
        key = ItemKey(self.texts.references.source, "release", release.tag)
        line, there = self.written.get(key), self._there.get(release.tag)
        text = self.texts.of_release(release)
        ours = digest(text) if line is None else line.text_sha256
        if there is None:
            there = self._made(release, text)
            self.report.written["release"] += 1
        elif ours == digest(text) and (line is not None or digest(there.text) == ours):
            self.report.unchanged["release"] += 1
        elif line is not None and digest(there.text) in (ours, digest(text)):
            was = there
            self.writer.set(lambda: self.target.edit_release(was, text))
            self.report.edited["release"] += 1
        else:
            self.report.notes.append(
                Phrase("the release {tag} was changed at the target: it is left as it is", tag=repr(release.tag))
            )
            return there
        self._note(key, there, text, is_draft=release.draft)
        return there

    def _made(self, release: SavedRelease, text: str) -> TargetRelease:
        new = NewTargetRelease(
            tag=release.tag,
            name=self.texts.title(release.name or release.tag),
            text=text,
            target=release.commit or release.target or "",
            released_at=release.published_at or release.at,
            is_prerelease=release.prerelease,
            is_draft=release.draft,
        )
        return self.writer.make(lambda: self.target.add_release(new), lambda: self._look_for(release.tag))

    def _look_for(self, tag: str) -> TargetRelease | None:
        self.look()
        return self._there.get(tag)

    def _note(self, key: ItemKey, there: TargetRelease, text: str, *, is_draft: bool) -> None:
        at = self.now().isoformat(timespec="seconds")
        line = WrittenLine(
            source=key.source,
            kind=key.kind,
            number=key.number,
            to=there.id,
            url=harmless_address(there.url),
            at=at,
            text_sha256=digest(text),
            state=DRAFT if is_draft else "",
        )
        known = self.written.get(key)
        if known is None or (known.text_sha256, known.state) != (line.text_sha256, line.state):
            self.written.add(line)

    def _bring_asset(self, there: TargetRelease, tag: str, asset: ReleaseAsset) -> None:
        key = ItemKey(self.texts.references.source, "asset", f"{tag}/{asset.name}")
        self.report.expected["asset"] += 1
        name = harmless_name(asset.name)
        if key in self.written or name in there.assets:
            self.report.unchanged["asset"] += 1
            return
        new = self._new(asset, name)
        if new is None:
            return
        try:
            self.writer.make(lambda: self._add_asset(there, new), lambda: self._has_asset(tag, name))
        except (TryLater, BadCredential):
            raise
        except MatouError as error:
            self.report.problems.append(error)
            return
        at = self.now().isoformat(timespec="seconds")
        self.written.add(WrittenLine(source=key.source, kind=key.kind, number=key.number, to=name, at=at))
        self.report.written["asset"] += 1

    def _add_asset(self, there: TargetRelease, new: NewFile) -> bool:
        self.target.add_asset(there, new)
        return True

    def _has_asset(self, tag: str, name: str) -> bool | None:
        there = self._look_for(tag)
        return True if there is not None and name in there.assets else None

    def _new(self, asset: ReleaseAsset, name: str) -> NewFile | None:
        """None where there are no bytes, or more than the target takes."""
        rules = self.target.rules
        path = None if asset.sha256 is None else self.archive.blob_file(asset.sha256)
        if path is None or not path.is_file():
            self.report.lose(Phrase("the archive does not have the bytes of a file of a release"))
            return None
        size_bytes = path.stat().st_size
        if not rules.has_assets or (rules.largest_asset is not None and size_bytes > rules.largest_asset):
            self.report.lose(Phrase("a file of a release is more than the platform takes"))
            return None
        return NewFile(name=name, path=path, size_bytes=size_bytes, type="application/octet-stream")
