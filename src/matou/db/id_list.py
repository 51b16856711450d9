"""Many ids as one parameter of a statement: its text is the same for any number of them, and is so made once."""

import json
from collections.abc import Iterable

from sqlalchemy import JSON, BigInteger, Select, Text, bindparam, cast, func, select

_IDS = bindparam("many_ids", type_=Text)


def given_ids(dialect: str) -> Select[int]:
    """What stands in the parameter, one a row.

    Args:
        dialect: the database's, by SQLAlchemy's name.
    """
    if dialect == "sqlite":
        return select(func.json_each(_IDS).table_valued("value").c.value)
    return select(cast(func.json_array_elements_text(cast(_IDS, JSON)).column_valued(), BigInteger).label("value"))


def parameters_of(ids: Iterable[int]) -> dict[str, object]:
    """What a statement with `given_ids` is executed with."""
    return {_IDS.key: json.dumps(list(ids))}
