"""Full text of issues and change requests: titles, bodies and comments, whatever the case, in Chinese too.

SQLite has an index of trigrams (https://www.sqlite.org/fts5.html#the_trigram_tokenizer), which finds any part of three
characters and more, and one of what is shorter: each Chinese character, each two that stand together, and whole words
of one or two letters. Neither keeps the texts. PostgreSQL has the texts, and pg_trgm's index where that is to be had
(https://www.postgresql.org/docs/current/pgtrgm.html).
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    TableClause,
    and_,
    bindparam,
    column,
    delete,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    text,
    true,
)

from matou.db.items import COLUMNS, DRAFT, IndexedItem, ItemId
from matou.db.metadata_repositories import MetadataId
from matou.db.schema import item_texts, items

LONGEST_SEARCH = 1000
"""Characters. Nobody types more, and SQLite refuses a pattern of more than 50,000 bytes."""
_MOST_TERMS = 16
_SHORTEST_PART = 3
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
_SHORT_WORD = re.compile(rf"(?<![^\W{_UNSPACED}])[^\W{_UNSPACED}]{{1,2}}(?![^\W{_UNSPACED}])")
_NO_WORD = f"[^[:alnum:]_]|[{_UNSPACED}]"

_trigrams = table("item_trigrams", column("rowid"))
_short_terms = table("item_short_terms", column("rowid"))


def add_texts(connection: Connection, texts: Mapping[ItemId, str]) -> None:
    """What can be found of items, whose rows are new."""
    rows = [{"id": item_id, "text": one.casefold().replace("\0", " ")} for item_id, one in texts.items()]
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(item_texts), [{"item_id": row["id"], "text": row["text"]} for row in rows])
        return
    connection.execute(text("INSERT INTO item_trigrams (rowid, text) VALUES (:id, :text)"), rows)
    short = [{"id": row["id"], "text": " ".join(sorted(set(_short_parts(str(row["text"])))))} for row in rows]
    connection.execute(text("INSERT INTO item_short_terms (rowid, text) VALUES (:id, :text)"), short)


def forget_texts(connection: Connection) -> None:
    """All of them: for whoever then indexes everything anew."""
    if connection.dialect.name != "sqlite":
        connection.execute(delete(item_texts))
        return
    connection.execute(text("INSERT INTO item_trigrams (item_trigrams) VALUES ('delete-all')"))
    connection.execute(text("INSERT INTO item_short_terms (item_short_terms) VALUES ('delete-all')"))


def finds(connection: Connection, search: str) -> ColumnElement[bool]:
    """The condition that an item has every word of a search, each as a part of a word or, in quotes, of a line."""
    terms = list(_terms(search.casefold()))
    if not terms or len(search) > LONGEST_SEARCH or len(terms) > _MOST_TERMS:
        return false()
    if connection.dialect.name == "sqlite":
        return and_(*map(_has_in_sqlite, terms))
    conditions = (condition for term in terms for condition in _conditions_in_postgresql(term))
    return items.c.id.in_(select(item_texts.c.item_id).where(*conditions))


def search_items(
    connection: Connection,
    search: str,
    *,
    readable: Sequence[MetadataId],
    confidential: Sequence[MetadataId],
    drafts: Sequence[MetadataId],
    gone: Sequence[MetadataId],
    kinds: Sequence[str],
    states: Sequence[str] | None = None,
    offset: int,
    limit: int,
) -> tuple[tuple[tuple[MetadataId, IndexedItem], ...], int]:
    """Those that a search finds, the last changed first, and how many there are in all.

    Args:
        readable: the metadata repositories in which it looks.
        confidential, drafts, gone: those of them whose items of that sort are looked at, too.
        states: any of these; None for all.
    """
    chosen = and_(
        finds(connection, search),
        items.c.metadata_id.in_(_literally(readable)),
        or_(~items.c.confidential, items.c.metadata_id.in_(_literally(confidential))),
        or_(items.c.state != DRAFT, items.c.metadata_id.in_(_literally(drafts))),
        or_(items.c.gone_in.is_(None), items.c.metadata_id.in_(_literally(gone))),
        items.c.kind.in_(kinds),
        true() if states is None else items.c.state.in_(states),
    )
    total = connection.execute(select(func.count()).select_from(items).where(chosen)).scalar_one()
    order = (items.c.updated_at.is_(None), items.c.updated_at.desc(), items.c.id.desc())
    listing = select(items.c.metadata_id, *COLUMNS).where(chosen).order_by(*order).offset(offset).limit(limit)
    return tuple((MetadataId(row[0]), IndexedItem(*row[1:])) for row in connection.execute(listing)), total


def _literally(ids: Sequence[MetadataId]) -> BindParameter[int]:
    """Numbers within the statement: there may be more of them than it takes parameters."""
    return bindparam(None, ids, type_=BigInteger(), expanding=True, literal_execute=True)


def _terms(search: str) -> Iterator[str]:
    for quoted, plain in re.findall(r'"([^"]+)"|([^\s"]+)', search):
        if term := (quoted or plain).strip():
            yield term


def _conditions_in_postgresql(term: str) -> Iterator[ColumnElement[bool]]:
    parts = [term] if len(term) >= _SHORTEST_PART else list(_short_parts(term))
    for part in parts:
        if len(term) < _SHORTEST_PART and _SHORT_WORD.fullmatch(part):
            yield item_texts.c.text.regexp_match(f"(^|{_NO_WORD}){part}($|{_NO_WORD})")
        else:
            yield item_texts.c.text.contains(part, autoescape=True)
    if not parts:
        yield false()


def _has_in_sqlite(term: str) -> ColumnElement[bool]:
    if len(term) >= _SHORTEST_PART:
        return _matches(_trigrams, term)
    parts = list(_short_parts(term))
    return and_(*(_matches(_short_terms, part) for part in parts)) if parts else false()


def _matches(index: TableClause, term: str) -> ColumnElement[bool]:
    phrase = '"' + term.replace('"', '""') + '"'
    matching = literal_column(index.name).op("MATCH", is_comparison=True)(phrase)
    return items.c.id.in_(select(index.c.rowid).where(matching))


def _short_parts(words: str) -> Iterator[str]:
    """What of a text a search of one or two characters finds."""
    for run in _UNSPACED_RUN.findall(words):
        yield from run
        yield from (run[at : at + 2] for at in range(len(run) - 1))
    yield from _SHORT_WORD.findall(words)
