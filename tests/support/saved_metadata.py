"""Archives whose runs have saved nothing but metadata, that of one project."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from matou.archive.layout import Archive
from matou.archive.manifest import (
    KindState,
    ListingState,
    ManifestWriter,
    MetadataState,
    NamespaceLine,
    ReadState,
    RunLine,
    SourceLine,
)
from matou.archive.metadata import About, KindCount, MetadataCommit, MetadataWriter
from matou.archive.run_history import previous_run
from matou.model.names import NamespacePath, ObjectId
from support.metadata_items import BEGAN

PROJECT = NamespacePath.parse("team/project")
PICTURE = b"\x89PNG a picture of the tide"


@dataclass(frozen=True)
class SavedMetadata:
    """An archive, and runs that write to it."""

    archive: Archive

    @classmethod
    def create(cls, folder: Path) -> "SavedMetadata":
        return cls(Archive.create(folder, now=BEGAN, identifier=UUID(int=1)))

    @property
    def git_dir(self) -> Path:
        return self.archive.metadata(PROJECT)

    def run(self, put: Callable[[MetadataWriter], object], *, publish: bool = True) -> MetadataCommit:
        """One run; not published, it was cut off."""
        number = self.archive.begin_run()
        at = BEGAN + timedelta(days=number)
        staged = self.archive.staging / f"metadata-{number}"
        about = About(platform="coding", host="e.coding.net", id="1", path=str(PROJECT))
        with MetadataWriter(self.git_dir, about, run=number, at=at, staged=staged) as writer:
            put(writer)
            made = writer.commit()
        assert made is not None
        if publish:
            self._publish(number, made)
        return made

    def name(self, commit: ObjectId) -> None:
        """A run whose manifest names this commit, whoever made it."""
        kinds = {"issue": KindCount(items=1)}
        made = MetadataCommit(commit=commit, is_new=True, counts=kinds, changed={}, gone={}, added_bytes=0)
        self._publish(self.archive.begin_run(), made)

    def _publish(self, number: int, made: MetadataCommit) -> None:
        source = SourceLine(platform="coding", url="https://e.coding.net/open-api", account="1")
        previous = previous_run(self.archive)
        at = BEGAN + timedelta(days=number)
        first = RunLine(format=2, run=number, started_at=at, source=source, previous=previous, matou="0.2.0")
        kinds = {"issue": KindState(state=ReadState.COMPLETE, items=made.counts["issue"].items)}
        manifest = ManifestWriter(self.archive, first)
        manifest.write(
            NamespaceLine(
                id="1",
                name="project",
                path=str(PROJECT),
                archived=False,
                metadata=MetadataState(commit=made.commit, saved_in=number, kinds=kinds),
                seen=True,
            )
        )
        manifest.publish(finished_at=at, requests=3, listing=ListingState.COMPLETE)
