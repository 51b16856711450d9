"""In which languages a repository is written: looked at once, then only at the files that a push changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from matou.archive.cache import cache_folder, read_whole, write_whole
from matou.db.repositories import Repository
from matou.errors import Damaged
from matou.forge.access import Authorized, MayReadAnalysis, MayReadCode
from matou.forge.analysis.memory import analysis_cache, commit_at
from matou.forge.analysis.worker import FORM, MODULE, LanguagesRequest, LanguagesResponse
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.forge import Forge
from matou.forge.jobs import StillComputing, done, still_computing
from matou.fs import WriteFailed
from matou.git.odb.objects import MissingObject, find_commit, open_repository
from matou.git.operations.languages import percentages
from matou.git.process.sandbox import Limits
from matou.git.process.worker import WorkerFailed, ask_worker
from matou.model.decodable import decodable
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

if TYPE_CHECKING:
    from concurrent.futures import Future

log = structlog.get_logger()

ANSWER: Final = "languages-of-the-tip"
ANSWER_FORM: Final = f"bytes of {FORM}"
LIMITS: Final = Limits(memory_bytes=4096 * MEBIBYTE, wall=timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class Languages:
    """In which languages the files of a tree are; `sizes`, in bytes, are None where there are too many to look at."""

    sizes: Mapping[str, int] | None

    @property
    def shares(self) -> dict[str, float]:
        """In percent, largest first; none where there are too many files to look at."""
        return percentages((self.sizes or {}).items())

    def __len__(self) -> int:
        return len(self.sizes or ())


class _SavedAnswer(msgspec.Struct, frozen=True, array_like=True):
    """The last answer, and the tree that it is of."""

    tree: str
    sizes: dict[str, int] | None


def languages(forge: Forge, granted: Authorized[Repository, MayReadAnalysis]) -> "Future[Languages]":
    """As `begin_languages`, for whoever may see what is counted."""
    return begin_languages(forge, granted)


def begin_languages(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> "Future[Languages]":
    """What there is of each language in the default branch; done at once where it is known.

    Raises:
        NoSuchRevision: there is no commit.
        StillComputing: too much is being computed.
    """
    tip = commit_at(forge, granted)
    analyses = analysis_cache(forge)
    key = (granted.subject.id, "languages", tip)
    known = analyses.known(key)
    if isinstance(known, Languages):
        return done(known)
    compute = partial(_compute, forge, granted.subject, tip)
    return analyses.jobs.begin(key, lambda: analyses.recall(key, compute, len))


def known_languages(forge: Forge, granted: Authorized[Repository, MayReadCode], *, counts: bool) -> Languages | None:
    """The same if it is known, without waiting.

    Args:
        counts: begin to count where it is not known, for whoever asks later.
    """
    try:
        tip, analyses = commit_at(forge, granted), analysis_cache(forge)
        key = (granted.subject.id, "languages", tip)
        known = analyses.known(key)
        if isinstance(known, Languages):
            return known
        saved = read_whole(cache_folder(forge.archive, granted.subject.id) / ANSWER, form=ANSWER_FORM)
        last = None if saved is None else msgspec.msgpack.decode(saved, type=decodable(_SavedAnswer))
        if last is not None and last.tree == find_commit(open_repository(forge.git_dir(granted.subject)), tip).tree:
            found = Languages(last.sizes)
            return analyses.recall(key, lambda: found, len)
        if counts:
            begin_languages(forge, granted)
    except (NoSuchRevision, MissingObject, StillComputing):
        return None
    return None


def _compute(forge: Forge, repository: Repository, tip: ObjectId) -> Languages:
    git_dir, folder = forge.git_dir(repository), cache_folder(forge.archive, repository.id)
    tree = find_commit(open_repository(git_dir), tip).tree
    saved = read_whole(folder / ANSWER, form=ANSWER_FORM)
    if saved is not None and (last := msgspec.msgpack.decode(saved, type=decodable(_SavedAnswer))).tree == tree:
        return Languages(last.sizes)
    request = LanguagesRequest(str(git_dir), tree, str(folder), str(forge.archive.root))
    try:
        answer = msgspec.msgpack.decode(
            ask_worker(MODULE, msgspec.msgpack.encode(request), limits=LIMITS), type=decodable(LanguagesResponse)
        )
    except WorkerFailed as error:
        if not git_dir.is_dir():
            # It was renamed or moved meanwhile.
            raise still_computing() from error
        raise Damaged("the files of {repository} cannot be read", repository=repository.path) from error
    _keep(forge, folder, _SavedAnswer(tree, answer.sizes))
    return Languages(answer.sizes)


def _keep(forge: Forge, folder: Path, saved: _SavedAnswer) -> None:
    try:
        write_whole(folder / ANSWER, msgspec.msgpack.encode(saved), below=forge.archive.root, form=ANSWER_FORM)
    except WriteFailed as error:
        log.warning("analysis_not_kept", problem=str(error))
