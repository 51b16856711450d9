"""What whoever changes a repository tells those who compute things about it."""

from matou.archive.cache import cache_folder, forget
from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayWriteCode
from matou.forge.analysis.contributions import begin_counting
from matou.forge.analysis.history import LINE_COUNTS
from matou.forge.analysis.languages import ANSWER, begin_languages
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.forge import Forge
from matou.forge.jobs import StillComputing
from matou.git.odb.objects import MissingObject

__all__ = ["forget", "refresh"]


def refresh(forge: Forge, granted: Authorized[Repository, MayWriteCode]) -> None:
    """After a push: compute in the background what it brought, where somebody has asked for that before."""
    folder = cache_folder(forge.archive, granted.subject.id)
    try:
        if (folder / ANSWER).exists():
            begin_languages(forge, granted)
        if (folder / LINE_COUNTS).exists():
            begin_counting(forge, granted, "")
    except (NoSuchRevision, MissingObject, StillComputing):
        # Whoever asks next begins it.
        return
