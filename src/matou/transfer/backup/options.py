"""How a person wants a backup to be made."""

from dataclasses import dataclass, field
from datetime import timedelta

from matou.git.process.run import DEFAULT_LIMITS, Limits
from matou.settings import Network
from matou.transfer.backup.metadata.selection import KindSelection


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """How a backup is made.

    Attributes:
        jobs: how many repositories are fetched at the same time.
        include, exclude: see `filters.RepositoryFilter`. Each pattern of `include` must match something.
        elsewhere: those of them that may be about another source.
        is_selection: the repositories were named one by one; one that is not named now is left as it is.
        dry_run: say what would be done; write nothing, and ask for no refs.
        trust_listing: take a repository for unchanged whose last push has not changed, without asking it.
        limits: for each git child.
        first_wait: before what broke off is asked for again, doubled each time.
        metadata: what lies around the code is saved.
        by_ssh: ask for the refs and objects of repositories by ssh; None where nothing is said, which is not.
        reads_subversion: repositories of Subversion are read, by `git svn`.
        network: for a git child that goes out by itself.
    """

    jobs: int
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    is_selection: bool = False
    dry_run: bool = False
    trust_listing: bool = False
    limits: Limits = DEFAULT_LIMITS
    first_wait: timedelta = timedelta(seconds=2)
    metadata: KindSelection = field(default_factory=KindSelection)
    by_ssh: bool | None = None
    reads_subversion: bool = False
    network: Network = field(default_factory=Network)


def default_jobs(processors: int) -> int:
    """One fetch keeps a processor busy for a third of its time; the rest it waits for the source and the disk."""
    return max(4, min(12, 3 * processors))
