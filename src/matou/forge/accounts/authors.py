"""Whom a commit or a tag that we write names."""

from matou.db.users import User
from matou.git.operations.tree_edit import CommitIdent, InvalidPerson

_NOBODY = CommitIdent("Matou", "")


def person_of(user: User | None) -> CommitIdent:
    """The user as git keeps people; by the name to log in with where git could not take the one to show."""
    if user is None:
        return _NOBODY
    for name in (user.display_name or user.name, user.name):
        try:
            return CommitIdent(name, user.email)
        except InvalidPerson:
            continue
    return CommitIdent(_NOBODY.name, user.email)
