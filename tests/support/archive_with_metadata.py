"""Archives with something said around their repositories, as a backup leaves them: by runs, each with its manifest."""

import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from msgspec.structs import replace

from matou.archive.layout import Archive
from matou.archive.manifest import (
    KindState,
    LfsState,
    ListingState,
    ManifestWriter,
    MetadataState,
    NamespaceLine,
    Outcome,
    ReadState,
    RepositoryLine,
    RunLine,
    SourceLine,
)
from matou.archive.metadata import About, MetadataWriter
from matou.archive.snapshots import lfs_list_text
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import MetadataKind
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import VersionControl, Visibility
from support.git_repositories import listing_of

BEGAN = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
SOURCE = SourceLine(platform="gitee", url="https://gitee.com", account="anna", team="harbour", team_id="1")

Values = Iterable[tuple[MetadataKind, MetadataValue]]


class ArchiveWithMetadata:
    """One team, `harbour`, whose repositories and namespaces have what each run is told that they have."""

    def __init__(self, root: Path) -> None:
        self.archive = Archive.create(root, now=BEGAN, identifier=UUID(int=7))
        self.states: dict[str, MetadataState] = {}
        self.namespaces: set[str] = set()
        self.code: dict[str, bytes] = {}
        self.ids: dict[str, str] = {}
        self.lfs: dict[str, LfsState] = {}
        self.visibility = Visibility.PRIVATE

    def add_code(self, path: str, git_dir: Path, *, id_: str = "") -> None:
        """From the next run on, a repository of this path has the code of a bare repository."""
        target = self.archive.repository(RepositoryPath.parse(path))
        shutil.copytree(git_dir, target)
        self.code[path] = listing_of(target).text
        self.ids[path] = id_ or path

    def add_lfs(self, path: str, sizes_bytes: Mapping[str, int]) -> None:
        listed = self.archive.blobs.put_bytes(lfs_list_text(sizes_bytes))
        self.lfs[path] = LfsState(list=listed, objects=len(sizes_bytes))

    def run(self, repositories: Mapping[str, Values], namespaces: Mapping[str, Values] | None = None) -> int:
        """Save what each has, by path; what is not named stays as it was."""
        run = self.archive.begin_run()
        for path, values in {**repositories, **(namespaces or {})}.items():
            place = NamespacePath.parse(path) if path in (namespaces or {}) else RepositoryPath.parse(path)
            self.states[path] = self._save(run, place, values)
        self.namespaces |= set(namespaces or {})
        self._publish(run, self.namespaces)
        return run

    def _save(self, run: int, place: NamespacePath | RepositoryPath, values: Values) -> MetadataState:
        about = About(platform="gitee", host="gitee.com", id="42", path=str(place))
        staged = self.archive.staging / f"{run}-{str(place).replace('/', '-')}"
        at = BEGAN + timedelta(days=run)
        with MetadataWriter(self.archive.metadata(place), about, run=run, at=at, staged=staged) as writer:
            for kind, value in values:
                writer.put(kind, value)
            made = writer.commit()
        if made is None:
            return MetadataState()
        kinds = {name: KindState(state=ReadState.COMPLETE, items=one.items) for name, one in made.counts.items()}
        return MetadataState(commit=made.commit, saved_in=run, kinds=kinds)

    def _publish(self, run: int, namespaces: set[str]) -> None:
        at = BEGAN + timedelta(days=run)
        writer = ManifestWriter(self.archive, RunLine(format=2, run=run, started_at=at, source=SOURCE, matou="0"))
        for path in sorted({"harbour"} | namespaces | {one.rpartition("/")[0] for one in self.states} - {""}):
            state = self.states.get(path) if path in namespaces else None
            writer.write(
                NamespaceLine(id=path, name=path, path=path, archived=False, seen=True, metadata=state),
            )
        for path in sorted((self.states.keys() | self.code.keys()) - namespaces):
            line = _repository_line(path, self.states.get(path))
            writer.write(self._with_code(line, run) if path in self.code else line)
        writer.publish(finished_at=at, requests=0, listing=ListingState.COMPLETE)

    def _with_code(self, line: RepositoryLine, run: int) -> RepositoryLine:
        snapshot = self.archive.blobs.put_bytes(self.code[line.path])
        return replace(
            line,
            id=self.ids[line.path],
            outcome=Outcome.SAVED,
            snapshot=snapshot,
            saved_in=run,
            default_branch="main",
            lfs=self.lfs.get(line.path),
            visibility=self.visibility,
        )


def _repository_line(path: str, state: MetadataState | None) -> RepositoryLine:
    namespace, _, name = path.rpartition("/")
    return RepositoryLine(
        id=path,
        namespace=namespace,
        name=name,
        path=path,
        clone_url=f"https://gitee.com/{path}.git",
        version_control=VersionControl.GIT,
        visibility=Visibility.PRIVATE,
        outcome=Outcome.EMPTY,
        metadata=state,
    )
