"""Whom a commit or a tag that we write names."""

from matou.db.users import User
from matou.git.operations.tree_edit import InvalidPerson, Person

_NOBODY = Person("Matou", "")


def person_of(user: User | None) -> Person:
    """The user as git keeps people; by the name to log in with where git could not take the one to show."""
    if user is None:
        return _NOBODY
    for name in (user.display_name or user.name, user.name):
        try:
            return Person(name, user.email)
        except InvalidPerson:
            continue
    return Person(_NOBODY.name, user.email)
