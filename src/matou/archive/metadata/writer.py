"""Writing a metadata repository: what a run found is put item by item, and becomes one commit."""

import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from matou.archive.metadata.about import About, KindCount
from matou.archive.metadata.draft import MetadataDraft
from matou.archive.metadata.reader import MAIN, main_commit
from matou.fs import make_folders, sync_folder, syncfs, translate_os_errors
from matou.git.odb.pack_writer import PackWriter, remove_unkept_packs
from matou.git.operations.pack_merging import merge_if_many_packs
from matou.git.operations.tree_edit import CommitIdent, write_commit
from matou.git.refs.listing import read_refs, write_first_refs, write_refs
from matou.git.repository import create_bare, make_bare, remove_leftovers
from matou.model.metadata import JsonObject, MetadataValue
from matou.model.metadata.kinds import MetadataKind
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

DRAFT: Final = RefName("refs/matou/draft")
"""What a run that was killed had put so far, on top of main."""

AUTHOR: Final = CommitIdent("Matou", "matou@localhost")

Publish = Callable[[Path, Path, int], None]
"""Moves a new repository from where it was made to its place, given how many bytes it has: now or with others."""


@dataclass(frozen=True, slots=True)
class MetadataCommit:
    """What a metadata repository holds after a run.

    Attributes:
        commit: what main names.
        is_new: this run made it; else nothing had changed.
        counts: of each kind of which there is anything.
        changed: how many items of each kind this run wrote, those that it found gone among them.
        gone: how many it found gone.
        added_bytes: to the repository.
    """

    commit: ObjectId
    is_new: bool
    counts: Mapping[str, KindCount]
    changed: Mapping[str, int]
    gone: Mapping[str, int]
    added_bytes: int


class MetadataWriter:
    """One metadata repository in one run: enter, put what there is, commit once. For one thread.

    An item is put whole, as it shall stand in the repository: who knows only what is new of it asks `find` for the
    rest. Putting one twice costs its bytes on the disk twice until `commit`. Nothing that was put is seen, nor stays,
    before `commit`; leaving without it changes nothing, and whatever a kill leaves the next writer removes.

    The caller has stored the blobs of attachments and assets before it commits, holds the archive's lock, and makes
    all durable (`syncfs`) before a manifest names the commit.

    Args:
        git_dir: the repository, there or not; it is made with the first item.
        about: whose metadata it is; its run, its counts and its language are not looked at.
        run: the number of this run.
        at: when it began.
        staged: a folder that is not there, on the same file system, in which a new repository is made.
        language: of the generated lists, `zh` or `en`; None for that of before, or English.
        publish: how a new repository gets to its place; None to sync the file system and move it at once.
        before_kept: called before a commit or a draft is made durable, so that what it follows from is durable first;
            where `publish` moves a new repository, that is for `publish` to see to.
        dead_since: when a writer began that did not end in good order.

    Raises:
        Damaged: on entering and in any method, where what is there cannot be read.
        NewerMetadata: on entering, where a later Matou wrote it in a form that this one does not know.
    """

    def __init__(
        self,
        git_dir: Path,
        about: About,
        *,
        run: int,
        at: datetime,
        staged: Path,
        language: str | None = None,
        publish: Publish | None = None,
        before_kept: Callable[[], None] = lambda: None,
        dead_since: datetime | None = None,
    ) -> None:
        self._git_dir = git_dir
        self._identity = about
        self._run = run
        self._at = at
        self._staged = staged
        self._language = language
        self._publish = publish or self._publish_now
        self._before_kept = before_kept
        self._dead_since = dead_since
        self._is_new = not (git_dir / "HEAD").exists()
        self._opened = ExitStack()
        self._pack: PackWriter | None = None
        self._is_committed = False

    def __enter__(self) -> Self:
        self._parent = None if self._is_new else main_commit(self._git_dir)
        left = None if self._is_new else read_refs(self._git_dir).refs.get(DRAFT)
        self._has_left_draft = left is not None
        self._draft = MetadataDraft(self._git_dir, left or self._parent, self._objects, run=self._run)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()
        if self._is_new and not self._is_committed:
            shutil.rmtree(self._staged, ignore_errors=True)

    def find(self, kind: MetadataKind, key: str) -> MetadataValue | None:
        """An item as it stands, with what was put so far."""
        return self._draft.find(kind, key)

    def put(self, kind: MetadataKind, value: MetadataValue) -> bool:
        """Let this item stand in place of the one of its key; False where it is the same already.

        Of a person only what is told changes: who has left keeps name and address. What an attachment or an asset
        with a digest needs in the tree comes with it.
        """
        return self._draft.put(kind, value)

    def put_settings(self, settings: JsonObject) -> bool:
        """Let settings.json hold exactly this; False where it does already."""
        return self._draft.put_settings(settings)

    def mark_gone(self, kind: MetadataKind, listed: Collection[str]) -> int:
        """Conclude from a *complete* listing what is gone at the source, and what has come back.

        Args:
            listed: the keys of all that the source has of this kind (`key_of`).

        Returns:
            How many items were found gone.
        """
        return self._draft.mark_gone(kind, listed)

    def keep_draft(self) -> None:
        """Make durable what was put so far: the next writer goes on from it where this one is killed.

        It is no commit of main's, and nobody sees it; `commit` takes all of it over.

        Raises:
            WriteFailed: the disk is full, say; what was put stays put.
        """
        with translate_os_errors(self._git_dir):
            if self._draft.finish(self._identity, self._language):
                self._keep(self._write_commit(), ref=DRAFT)
                self._has_left_draft = True
                self._pack, self._is_new, self._is_committed = None, False, False
                self._opened.close()
                counts = self._draft.counts
                draft = read_refs(self._git_dir).refs[DRAFT]
                self._draft = MetadataDraft(self._git_dir, draft, self._objects, run=self._run)
                self._draft.counts.go_on_from(counts)

    def commit(self) -> MetadataCommit | None:
        """Write one commit if anything has changed; None where nothing was ever put. To be called once, last.

        Raises:
            WriteFailed: the disk is full, say; the repository is what it was.
        """
        with translate_os_errors(self._git_dir):
            return self._commit()

    def _commit(self) -> MetadataCommit | None:
        draft, commit, added_bytes = self._draft, self._parent, 0
        is_new = draft.finish(self._identity, self._language) or self._has_left_draft
        if is_new:
            commit = self._write_commit()
            added_bytes = self._keep(commit, ref=MAIN)
        if commit is None:
            return None
        counts = draft.counts
        return MetadataCommit(commit, is_new, counts.for_about(), counts.changed(), counts.newly_gone(), added_bytes)

    def _write_commit(self) -> ObjectId:
        return write_commit(
            self._objects(),
            tree=self._draft.write_tree(),
            parents=() if self._parent is None else (self._parent,),
            author=AUTHOR,
            committer=AUTHOR,
            at=self._at,
            message=f"run {self._run}",
        )

    def _keep(self, commit: ObjectId, *, ref: RefName) -> int:
        """Make the objects the repository's, and then the ref name the commit; a draft is one no more, then."""
        if not self._is_new or ref == DRAFT:
            self._before_kept()
        added_bytes = self._objects().keep(durably=not self._is_new)
        if self._is_new:
            write_first_refs(self._staged, RefListing({ref: commit}))
            self._opened.close()
            self._is_committed = True
            publish = self._publish if ref == MAIN else self._publish_now
            publish(self._staged, self._git_dir, added_bytes)
        else:
            present = read_refs(self._git_dir)
            refs = {name: oid for name, oid in present.refs.items() if name != DRAFT}
            write_refs(self._git_dir, RefListing({**refs, ref: commit}, present.peeled, head=MAIN), {})
            merge_if_many_packs(self._git_dir)
        return added_bytes

    def _objects(self) -> PackWriter:
        """Where new objects go; made, with the repository, when the first one comes."""
        if self._pack is None:
            if self._is_new:
                make_bare(self._staged)
            else:
                remove_unkept_packs(self._git_dir)
                remove_leftovers(self._git_dir, since=self._dead_since, now=self._at)
                create_bare(self._git_dir)
            self._pack = self._opened.enter_context(PackWriter(self._staged if self._is_new else self._git_dir))
        return self._pack

    def _publish_now(self, staged: Path, git_dir: Path, _: int) -> None:
        make_folders(git_dir.parent, below=_existing_parent(git_dir), durably=False)
        syncfs(staged)
        staged.rename(git_dir)
        sync_folder(git_dir.parent)


def _existing_parent(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.is_dir())
