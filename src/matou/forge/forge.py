"""What every use case of the hosting server is given: the database, the archive, the clock, and short memories."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from matou.archive.layout import Archive
from matou.db.engine import Database
from matou.db.repositories import Repository
from matou.forge.memory import AnswerMemory, ListingMemory, LogInFailures, PasswordMemory


@dataclass(frozen=True)
class Forge:
    """One hosting server's state; safe to share between threads.

    Attributes:
        now: the clock; aware times in UTC.
        loopback: whether it can be reached from this machine only.
        anonymous_reads_backups: the operator said that whoever reaches it may read what was backed up. See
            `access.backups_are_open`.
        imports_may_reach_private: the operator said that whoever may create a repository may have the server fetch
            one from inside the operator's network.
    """

    database: Database
    archive: Archive
    now: Callable[[], datetime]
    loopback: bool = False
    anonymous_reads_backups: bool = False
    imports_may_reach_private: bool = False
    failures: LogInFailures = field(default_factory=LogInFailures, repr=False)
    passwords: PasswordMemory = field(default_factory=PasswordMemory, repr=False)
    listings: ListingMemory = field(default_factory=ListingMemory, repr=False)
    answers: AnswerMemory = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", AnswerMemory(self.database))

    def git_dir(self, repository: Repository) -> Path:
        """The bare repository's folder."""
        return self.archive.repository(repository.path)
