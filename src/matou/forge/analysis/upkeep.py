"""What whoever changes a repository tells those who compute things about it."""

from matou.archive.cache import cache_folder, forget
from matou.db.repositories import Repository
from matou.forge.analysis.contributions import counted
from matou.forge.analysis.history import LINE_COUNTS
from matou.forge.analysis.jobs import StillComputing
from matou.forge.analysis.languages import ANSWER, languages
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.forge import Forge
from matou.git.odb.objects import MissingObject

__all__ = ["forget", "refresh"]


def refresh(forge: Forge, repository: Repository) -> None:
    """After a push: compute in the background what it brought, where somebody has asked for that before."""
    folder = cache_folder(forge.archive, repository.id)
    try:
        if (folder / ANSWER).exists():
            languages(forge, repository)
        if (folder / LINE_COUNTS).exists():
            counted(forge, repository, "")
    except (NoSuchRevision, MissingObject, StillComputing):
        # Whoever asks next begins it.
        return
