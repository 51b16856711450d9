"""What must be so before a push is reported as done."""

import structlog

from matou.db import repositories
from matou.db.repositories import Repository
from matou.forge.access import Identity, no_such_repository
from matou.forge.forge import Forge
from matou.forge.references import ref_listing
from matou.forge.repositories import HEADS
from matou.git.repository import size_bytes
from matou.git.run import run_git
from matou.model.refs import RefListing
from matou.storage.files import syncfs

log = structlog.get_logger()

FAVOURITES = (HEADS + "main", HEADS + "master")


def after_push(forge: Forge, repository: Repository, identity: Identity) -> Repository:
    """Make what git wrote durable, then note the push.

    To be called when receive-pack has ended and before its report goes out: git syncs the files that it wrote and
    not the folders that name them, so that a ref may be gone after a power cut that the client was told of.

    Raises:
        NoSuchRepository: it was deleted meanwhile.
    """
    git_dir = forge.git_dir(repository)
    forge.listings.forget(git_dir)
    default_branch = _settle_head(forge, repository)
    syncfs(git_dir)
    size, now = size_bytes(git_dir), forge.now()
    with forge.database.begin_write() as connection:
        pushed = repositories.change(
            connection,
            repository.id,
            last_push_at=now,
            updated_at=now,
            size_bytes=size,
            default_branch=default_branch,
        )
    if pushed is None:
        raise no_such_repository(repository.path)
    pusher = None if identity.user is None else identity.user.name
    log.info("repository_pushed", repository=str(repository.path), user=pusher, size_bytes=size)
    return pushed


def _settle_head(forge: Forge, repository: Repository) -> str | None:
    """Where HEAD names no branch, as after the first push of another one, point it at one that is there."""
    listing = ref_listing(forge, repository)
    head = head_for(listing)
    if head is not None and head != listing.head:
        git_dir = forge.git_dir(repository)
        run_git(("symbolic-ref", "HEAD", head), git_dir=git_dir)
        forge.listings.forget(git_dir)
    return repository.default_branch if head is None else head.removeprefix(HEADS)


def head_for(listing: RefListing) -> str | None:
    """What HEAD should name: what it does, if that is there; else the likeliest branch. None without branches."""
    if listing.head in listing.refs:
        return listing.head
    branches = sorted(name for name in listing.refs if name.startswith(HEADS))
    return next((name for name in (*FAVOURITES, *branches) if name in branches), None)
