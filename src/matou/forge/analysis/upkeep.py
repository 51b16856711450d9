"""What whoever changes a repository tells those who compute things about it."""

from contextlib import suppress

from matou.archive.cache import cache_folder, forget
from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MayWriteCode
from matou.forge.analysis.contributions import begin_counting
from matou.forge.analysis.history import LINE_COUNTS
from matou.forge.analysis.languages import ANSWER, begin_languages
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.forge import Forge
from matou.forge.maintenance.upkeep import enqueue_upkeep
from matou.git.odb.objects import MissingObject
from matou.model.jobs import TaskName

__all__ = ["compute", "forget", "refresh"]


def refresh(forge: Forge, granted: Authorized[Repository, MayWriteCode]) -> None:
    """After a push: have computed what it brought, where somebody has asked for that before."""
    folder = cache_folder(forge.archive, granted.subject.id)
    if (folder / ANSWER).exists() or (folder / LINE_COUNTS).exists():
        lock = f"analysis {granted.subject.id}"
        enqueue_upkeep(forge, TaskName.COMPUTE_ANALYSIS, granted.subject, lock=lock)


def compute(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> None:
    """What `refresh` had computed, to its end: it lies in the archive's cache then, where every server finds it.

    Raises:
        StillComputing: too much is being computed.
        Damaged: what there is to count cannot be read.
    """
    folder = cache_folder(forge.archive, granted.subject.id)
    # Where there is no commit any more, there is nothing to compute.
    with suppress(NoSuchRevision, MissingObject):
        if (folder / ANSWER).exists():
            begin_languages(forge, granted).result()
        if (folder / LINE_COUNTS).exists():
            begin_counting(forge, granted, "").result()
