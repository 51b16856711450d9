"""Whether what was backed up can be read without logging in (docs/decisions/access.md)."""

from matou.db import users
from matou.forge.forge import Forge


def backups_are_open(*, on_loopback: bool, anybody_there: bool, requested: bool) -> bool:
    """Whether what was backed up can be read without logging in, private or not (docs/decisions/access.md).

    On a person's own machine, before the first account is made, it can: whoever reaches the server is that person,
    who could read the same files with `git clone`. From the first account on, or when others can reach the
    server, only if the operator asked for it.
    """
    return requested or (on_loopback and not anybody_there)


def are_open_backups_local(forge: Forge) -> bool:
    """Whether backups can be read without logging in only because nobody but this machine is thought to ask."""
    return not forge.anonymous_reads_backups and are_backups_open(forge)


def anybody_there(forge: Forge) -> bool:
    """Whether a person has an account."""
    return forge.answers.recall(("anybody there",), lambda: _anybody_there(forge))


def are_backups_open(forge: Forge) -> bool:
    """As `backups_are_open`, of this server now."""
    if forge.anonymous_reads_backups or not forge.loopback:
        return forge.anonymous_reads_backups
    return backups_are_open(on_loopback=True, anybody_there=anybody_there(forge), requested=False)


def _anybody_there(forge: Forge) -> bool:
    with forge.database.begin_read() as connection:
        return users.anybody_there(connection)
