"""The repository beside a migrated one, `NAME-history`, where its pictures and files stand that no API takes.

Each run that brings any adds a branch with them, or as many as it takes for no push to be too large, each a single
commit that follows from them alone: nothing there is ever moved, no run needs what another one has pushed, and a run
that was cut off makes the same commit again.
"""

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from matou.archive.metadata.writer import AUTHOR
from matou.errors import Conflict, MatouError, Phrase, TryLater
from matou.fs import translate_os_errors
from matou.git.odb.pack_writer import PackWriter
from matou.git.odb.quarantine import ObjectKind
from matou.git.operations.push import Pusher
from matou.git.operations.tree_edit import write_commit
from matou.git.operations.tree_update import TreeUpdate
from matou.git.repository import make_bare
from matou.git.wire.transport import GitTransport, list_refs
from matou.http.tokens import BadCredential
from matou.model.names import ObjectId, RefName, folded
from matou.model.refs import RefChange, RefListing
from matou.model.targets import NewTargetRepository, TargetRepository
from matou.platforms.base.target import MigrationTarget
from matou.transfer.migrate.refs import HEADS
from matou.transfer.migrate.repository import OPENNESS, NotVerified, make_or_find

ENDING: Final = "-history"
BRANCHES: Final = "files-"


class OtherHistory(Conflict):
    """What is at the place of such a repository is something else, or seen by too many: nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRepositories:
    """Those of one migration; threads may share it.

    Attributes:
        existing: what the target has, by the folded namespace and name.
        taken: where repositories of the archive go, now or since an earlier run.
    """

    target: MigrationTarget
    git: GitTransport
    pusher: Pusher
    existing: Mapping[tuple[str, str], TargetRepository]
    taken: Collection[tuple[str, str]]

    def beside(self, repository: TargetRepository, scratch: Path) -> "HistoryRepository":
        """That of a repository. `scratch` is a folder that nobody else uses; what is in it is lost."""
        name = self.name_beside(repository.name)
        if (folded(repository.namespace), folded(name)) in self.taken:
            name = self.target.rules.with_digest(name, repository.id)
        return HistoryRepository(self, repository, name, scratch)

    def name_beside(self, name: str) -> str:
        """What the one of a repository is called, unless a repository of the archive goes there."""
        return self.target.rules.fitted(f"{name}{ENDING}")


@dataclass
class HistoryRepository:
    """For one thread.

    Attributes:
        notes: what a person should know of it.
    """

    among: HistoryRepositories
    of: TargetRepository
    name: str
    scratch: Path
    notes: list[Phrase] = field(default_factory=list)
    _there: TargetRepository | None = None

    def commit(self, branch: str, files: Mapping[str, Path], at: datetime) -> TargetRepository:
        """Have a branch with these files there, by their paths, in one push; where it is already, nothing is sent.

        Raises:
            OtherHistory: something else is at that place.
            PushFailed: the target does not take it.
            MatouError: it cannot be made, or be asked.
        """
        there = self._repository()
        ref = RefName(f"{HEADS}{branch}")
        offer = self.among.pusher.ask(there.clone_url)
        self._require_ours(offer.listing)
        with self._committed(files, at) as commit:
            if offer.listing.refs.get(ref) != commit:
                change = RefChange(ref, None, commit)
                self.among.pusher.push(self.scratch, there.clone_url, [change], offer, haves=())
                self._require(ref, commit, list_refs(self.among.git, there.clone_url))
        return there

    def _repository(self) -> TargetRepository:
        if self._there is None:
            key = folded(self.of.namespace), folded(self.name)
            existing = self.among.existing.get(key)
            there, is_new = (existing, False) if existing else self._made()
            if is_new:
                self._open_up(there)
            elif OPENNESS[there.visibility] > OPENNESS[self.of.visibility]:
                raise OtherHistory(
                    "{name} may be seen by more people than {repository}: no pictures and files were sent there",
                    name=repr(self.name),
                    repository=repr(self.of.name),
                    advice="make it as private as that, and run it again",
                )
            self._there = there
        return self._there

    def _made(self) -> tuple[TargetRepository, bool]:
        description = f"Pictures and files of what was said around {self.of.name}"
        return make_or_find(
            self.among.target,
            NewTargetRepository(self.of.namespace, self.name, description, self.of.visibility),
        )

    def _open_up(self, there: TargetRepository) -> None:
        """There are platforms on which all begin private, or more open than they were asked for."""
        if there.visibility is self.of.visibility:
            return
        try:
            self.among.target.set_visibility(there, self.of.visibility)
        except (TryLater, BadCredential):
            raise
        except MatouError:
            if OPENNESS[there.visibility] > OPENNESS[self.of.visibility]:
                raise
            self.notes.append(
                Phrase("pictures and files are in {name}, which fewer people may see", name=repr(self.name))
            )

    def _require_ours(self, there: RefListing) -> None:
        strange = [ref for ref in there.refs if not ref.startswith(f"{HEADS}{BRANCHES}")]
        if strange:
            raise OtherHistory(
                "{name} at the target is another repository: no pictures and files were sent there",
                name=repr(self.name),
                advice="give it another name there, and run it again",
            )

    @staticmethod
    def _require(ref: RefName, commit: ObjectId, there: RefListing) -> None:
        if there.refs.get(ref) != commit:
            raise NotVerified("the target does not show {ref} as it was sent", ref=repr(ref))

    @contextmanager
    def _committed(self, files: Mapping[str, Path], at: datetime) -> Iterator[ObjectId]:
        """In a repository of its own, which is gone afterwards: the archive has the files anyway."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        try:
            with translate_os_errors(self.scratch):
                make_bare(self.scratch)
                commit = _commit(self.scratch, files, at)
            yield commit
        finally:
            with suppress(FileNotFoundError):
                shutil.rmtree(self.scratch)


def _commit(git_dir: Path, files: Mapping[str, Path], at: datetime) -> ObjectId:
    with PackWriter(git_dir) as objects:
        tree = TreeUpdate(None, None)
        for path, content in sorted(files.items()):
            tree.put(path, objects.write_object(ObjectKind.BLOB, content.read_bytes()))
        parents: Sequence[ObjectId] = ()
        commit = write_commit(
            objects,
            tree=tree.write(objects),
            parents=parents,
            author=AUTHOR,
            committer=AUTHOR,
            at=at,
            message="Pictures and files",
        )
        objects.keep(durably=False)
    return commit
