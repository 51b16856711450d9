"""What of a GitLab project export is git: the bundles of the code and of the wiki, and the LFS objects."""

import json
from pathlib import Path
from typing import Final

from matou.archive.manifest import RepositoryLine
from matou.archive.snapshots import parse_lfs_list
from matou.errors import Damaged, NotFound
from matou.git.operations.bundles import write_bundle
from matou.git.operations.lfs import find_pointers_behind
from matou.git.process.limits import GitFailed
from matou.git.refs.listing import read_refs
from matou.git.repository import SHALLOW_FILE
from matou.transfer.export.gitea_git import DumpedRepository, copy_wiki
from matou.transfer.export.gitea_wiki import write_wiki
from matou.transfer.export.gitlab.tar_file import SteadyTar
from matou.transfer.export.source import ExportSource

_HOME: Final = "home"
"""The page on which a wiki of GitLab begins."""

_OF_THE_PROJECT: Final = (0,)
"""Neither of its wiki nor of its designs."""


class HistoryNotWhole(NotFound):
    """What was saved of a repository ends before its beginning, so that no bundle of it can be cloned."""


class ExportedCode:
    """Writes the bundles, and puts them into the archive with the LFS objects.

    Args:
        work: a folder for what is in the way.
    """

    def __init__(self, source: ExportSource, git: DumpedRepository, work: Path) -> None:
        self._source = source
        self._git = git
        self._work = work
        self._bundles: dict[str, Path] = {}

    def write(self) -> int:
        """Write the bundles of what there is; how many pages the wiki has that is no repository.

        Raises:
            HistoryNotWhole: the source lacks a part of the history.
            Damaged, NotFound: the archive lacks an object, or what it saved of the wiki.
        """
        code = self._work / "code.git"
        self._git.write(self._source, code)
        self._add("project.bundle", code)
        wiki = self._work / "wiki.git"
        if self._source.wiki is not None:
            copy_wiki(self._source, self._source.wiki, wiki)
            self._add("project.wiki.bundle", wiki)
            return 0
        pages = write_wiki(self._source, wiki, home=_HOME)
        if pages:
            self._add("project.wiki.bundle", wiki)
        return pages

    def pack(self, tar: SteadyTar) -> None:
        oids = self._lfs_objects()
        tar.add_text("lfs-objects.json", json.dumps(dict.fromkeys(oids, _OF_THE_PROJECT)))
        for oid in oids:
            tar.add_file(f"lfs-objects/{oid}", self._source.archive.blob_file(oid))
        for name, bundle in self._bundles.items():
            tar.add_file(name, bundle)

    def _add(self, name: str, git_dir: Path) -> None:
        if not (git_dir / "HEAD").exists():
            return
        if (git_dir / SHALLOW_FILE).exists():
            raise HistoryNotWhole("the source itself lacks a part of the history, which GitLab's import does not take")
        bundle = self._work / name
        try:
            if write_bundle(git_dir, bundle):
                self._bundles[name] = bundle
        except GitFailed as error:
            raise Damaged(
                "{repository} cannot be copied: {reason}", repository=self._source.path, reason=error
            ) from error

    def _lfs_objects(self) -> list[str]:
        """Those behind the refs that are in the bundle and whose bytes are there: the archive's list has others, too,
        which were force-pushed away."""
        line = self._source.line
        if not isinstance(line, RepositoryLine) or line.lfs is None:
            return []
        blobs = self._source.archive.blobs
        listed = parse_lfs_list(blobs.read(line.lfs.list))
        code = self._work / "code.git"
        behind = {pointer.oid for pointer in find_pointers_behind(code, read_refs(code).object_ids())}
        wanted = sorted(behind & listed.keys())
        there = [oid for oid in wanted if blobs.has(oid)]
        self._source.faults.missing_files += len(wanted) - len(there)
        return there
