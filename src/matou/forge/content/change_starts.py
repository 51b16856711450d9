"""Where what a change request proposes begins in the code of its repository."""

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.references import ref_listing
from matou.forge.forge import Forge
from matou.git.odb.change_starts import find_start
from matou.git.odb.objects import open_repository
from matou.git.odb.quarantine import OtherObjectFormat
from matou.model.metadata import ChangeRequest
from matou.model.names import ObjectId, RefName


def start_of_change(
    forge: Forge, granted: Authorized[Repository, MayReadCode], change: ChangeRequest
) -> ObjectId | None:
    """None where that cannot be known."""
    try:
        objects = open_repository(forge.git_dir(granted.subject))
    except OtherObjectFormat:
        return None
    tip = ref_listing(forge, granted).refs.get(RefName(f"refs/heads/{change.base.branch}"))
    return find_start(objects, change, tip)
