"""Rows of labels: words with a color, of a namespace."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NewType

from sqlalchemy import Connection, delete, insert, select, update

from matou.db.namespaces import NamespaceId
from matou.db.schema import labels

LabelId = NewType("LabelId", int)


@dataclass(frozen=True, slots=True)
class Label:
    """`color` is `#` and six hexadecimal digits, or what the source has."""

    id: LabelId
    namespace_id: NamespaceId
    name: str
    color: str


_COLUMNS = [labels.c[name] for name in Label.__slots__]


def insert_label(connection: Connection, namespace_id: NamespaceId, name: str, color: str) -> Label:
    """Raises UniqueViolation where the namespace has one of that name."""
    values = {"namespace_id": namespace_id, "name": name, "color": color}
    row = connection.execute(insert(labels).values(values).returning(*_COLUMNS)).mappings().one()
    return Label(**row)


def list_labels(connection: Connection, namespace_id: NamespaceId) -> tuple[Label, ...]:
    statement = select(*_COLUMNS).where(labels.c.namespace_id == namespace_id).order_by(labels.c.id)
    return tuple(Label(**row) for row in connection.execute(statement).mappings())


def replace_labels(connection: Connection, namespace_id: NamespaceId, new_labels: Iterable[tuple[str, str]]) -> None:
    """Leave exactly these names and colors; a label that stays as it is keeps its id."""
    colors = dict(new_labels)
    present = {label.name: label for label in list_labels(connection, namespace_id)}
    for label in present.values():
        if label.name not in colors:
            connection.execute(delete(labels).where(labels.c.id == label.id))
        elif colors[label.name] != label.color:
            connection.execute(update(labels).where(labels.c.id == label.id).values(color=colors[label.name]))
    for name, color in colors.items():
        if name not in present:
            insert_label(connection, namespace_id, name, color)
