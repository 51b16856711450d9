"""Labels of a namespace."""

import re

from matou.db import labels as rows
from matou.db.engine import UniqueViolation
from matou.db.labels import Label
from matou.db.namespaces import Namespace
from matou.forge.access import Authorized, MayChangeSettings, MaySee
from matou.forge.accounts.users import NameTaken
from matou.forge.forge import Forge
from matou.model.names import InvalidName

LONGEST_LABEL = 100

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}\Z")


def labels(forge: Forge, granted: Authorized[Namespace, MaySee]) -> tuple[Label, ...]:
    """In the order in which they were made."""
    with forge.database.begin_read() as connection:
        return rows.list_labels(connection, granted.subject.id)


def create_label(forge: Forge, granted: Authorized[Namespace, MayChangeSettings], name: str, color: str) -> Label:
    """`color` is `#` and six hexadecimal digits. Raises InvalidName, NameTaken."""
    if not (name.isprintable() and name == name.strip() and 0 < len(name) <= LONGEST_LABEL):
        raise InvalidName("{name} cannot be the name of a label", name=repr(name)[:200])
    if not _COLOR.match(color):
        raise InvalidName("{color} is not a color", color=repr(color)[:100])
    try:
        with forge.database.begin_write() as connection:
            return rows.insert_label(connection, granted.subject.id, name, color)
    except UniqueViolation as error:
        raise NameTaken("there is a label {name}", name=repr(name)) from error
