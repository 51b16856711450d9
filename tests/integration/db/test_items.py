"""The index of issues and change requests, on both databases: what is asked for, and nothing else, in its order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from matou.db.conditions import Between
from matou.db.engine import Database
from matou.db.item_comments import CommentQuery, count_comments, list_comments
from matou.db.item_search import add_texts, finds, forget_texts
from matou.db.items import (
    ItemOrder,
    ItemQuery,
    ItemVisibility,
    NewComment,
    NewItem,
    PersonRole,
    count_listed,
    delete_items,
    item_listing,
    list_items,
    one_of_each,
    replace_items,
)
from matou.db.metadata_repositories import (
    IndexedMetadata,
    MetadataId,
    ParticipantRow,
    count_items,
    delete_metadata,
    insert_metadata,
    of_namespace,
    replace_participants,
    set_commit,
)
from matou.db.namespaces import NamespaceId, NamespaceKind, NewNamespace, insert_namespace
from matou.db.schema import items
from matou.model.names import NamespacePath

START = datetime(2019, 3, 4, 5, 6, 7, tzinfo=UTC)


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


@pytest.fixture
def namespace_id(database: Database) -> NamespaceId:
    path = NamespacePath.parse("team")
    new = NewNamespace(
        None, NamespaceKind.ORGANIZATION, path, "team", "team", "", None, False, "s", "1", None, START, None
    )
    with database.begin_write() as connection:
        return insert_namespace(connection, new).id


@pytest.fixture
def metadata_id(database: Database, namespace_id: NamespaceId) -> MetadataId:
    with database.begin_write() as connection:
        return insert_metadata(connection, namespace_id=namespace_id).id


def issue(number: int | str, **values: object) -> NewItem:
    made = at(number) if isinstance(number, int) else START
    new = NewItem(
        kind="issue", number=str(number), blob_id="0" * 40, title="t", state="open", created_at=made, updated_at=made
    )
    return replace(new, **values)  # type: ignore[arg-type]  # the test names the fields


def seen(*, confidential: bool) -> ItemVisibility:
    return ItemVisibility(confidential=confidential, drafts=True, gone=True)


def numbers(database: Database, metadata_id: MetadataId, *, confidential: bool = False, **wanted: object) -> list[str]:
    with database.begin_read() as connection:
        query = ItemQuery(kind="issue", **({"ascending": True} | wanted))  # type: ignore[arg-type]
        listing = item_listing(metadata_id, query, seen=seen(confidential=confidential))
        rows, total = list_items(connection, listing), count_listed(connection, listing)
    assert total == len(rows)
    return [row.number for row in rows]


ITEMS = (
    issue(1, labels=["bug", "后端"], author="17", people=[(PersonRole.ASSIGNEE, "18")], milestone="3"),
    issue(2, state="closed", author="18", closed_at=at(30), people=[(PersonRole.TESTER, "17")], labels=["bug"]),
    issue(3, type="DEFECT", status="处理中", priority="2", iteration="5", parent="1"),
    issue(10, confidential=True, updated_at=at(0)),
    issue("I6D3AV", gone_in=4, created_at=None),
)


@pytest.fixture
def indexed(database: Database, metadata_id: MetadataId) -> MetadataId:
    with database.begin_write() as connection:
        replace_items(connection, metadata_id, ITEMS)
        people = [ParticipantRow("17", "Zhang-San", "张三"), ParticipantRow("18", "li-si", "李四")]
        replace_participants(connection, metadata_id, people)
    return metadata_id


def test_one_of_each_type_that_may_be_seen(database: Database, metadata_id: MetadataId) -> None:
    new = [issue(1, type="DEFECT"), issue(2, type="EPIC"), issue(3, type="DEFECT"), issue(4)]
    with database.begin_write() as connection:
        replace_items(connection, metadata_id, [*new, issue(5, type="secret", confidential=True)])

    def found(*, confidential: bool) -> list[str]:
        with database.begin_read() as connection:
            rows = one_of_each(connection, metadata_id, "issue", "type", seen=seen(confidential=confidential))
        return [row.number for row in rows]

    assert found(confidential=False) == ["1", "2"]
    assert found(confidential=True) == ["1", "2", "5"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["1", "2", "3", "I6D3AV"]),
        ({"confidential": True}, ["1", "2", "3", "10", "I6D3AV"]),
        ({"gone": False}, ["1", "2", "3"]),
        ({"states": ["closed"]}, ["2"]),
        ({"labels": ["bug"]}, ["1", "2"]),
        ({"labels": ["bug", "后端"]}, ["1"]),
        ({"author": "zhang-san"}, ["1"]),
        ({"author": "18"}, ["2"]),
        ({"author": "nobody"}, []),
        ({"assignee": "LI-SI"}, ["1"]),
        ({"tester": "zhang-san"}, ["2"]),
        ({"reviewer": "zhang-san"}, []),
        ({"milestone": "3"}, ["1"]),
        ({"milestone": ""}, ["2", "3", "I6D3AV"]),
        ({"iteration": "5"}, ["3"]),
        ({"parent": "1"}, ["3"]),
        ({"types": ["DEFECT"]}, ["3"]),
        ({"statuses": ["处理中"]}, ["3"]),
        ({"priorities": ["2"]}, ["3"]),
        ({"numbers": ["2", "3", "10"]}, ["2", "3"]),
        ({"created": Between(at(2), at(3))}, ["2"]),
        ({"closed": Between(at(29), None)}, ["2"]),
        ({"order": ItemOrder.CREATED, "ascending": False}, ["3", "2", "1", "I6D3AV"]),
        ({"order": ItemOrder.NUMBER, "ascending": False, "confidential": True}, ["10", "3", "2", "1", "I6D3AV"]),
        ({"order": ItemOrder.UPDATED, "confidential": True, "numbers": ["1", "10"]}, ["10", "1"]),
        ({"order": ItemOrder.CLOSED}, ["2", "1", "3", "I6D3AV"]),
        ({"order": ItemOrder.MERGED, "numbers": ["1", "2"]}, ["1", "2"]),
    ],
)
def test_a_list_has_what_was_asked_for_in_its_order(
    database: Database, indexed: MetadataId, wanted: dict[str, object], expected: list[str]
) -> None:
    assert numbers(database, indexed, **wanted) == expected  # type: ignore[arg-type]


def test_pages_follow_each_other_and_know_the_whole(database: Database, indexed: MetadataId) -> None:
    with database.begin_read() as connection:
        listing = item_listing(indexed, ItemQuery(kind="issue", ascending=True), seen=seen(confidential=False))
        pages = [list_items(connection, listing, offset=offset, limit=2) for offset in (0, 2, 4)]
        total = count_listed(connection, listing)

    assert [[row.number for row in rows] for rows in pages] == [["1", "2"], ["3", "I6D3AV"], []]
    assert total == 4


@pytest.mark.parametrize("order", [ItemOrder.CREATED, ItemOrder.UPDATED])
@pytest.mark.parametrize("ascending", [True, False])
def test_a_page_of_a_long_list_is_read_in_the_order_of_an_index(
    database: Database, metadata_id: MetadataId, order: ItemOrder, *, ascending: bool
) -> None:
    with database.begin_write() as connection:
        replace_items(connection, metadata_id, [issue(number) for number in range(2000)])
        if database.engine.dialect.name == "postgresql":
            connection.execute(text("ANALYZE items"))
    query = ItemQuery(kind="issue", order=order, ascending=ascending)
    listing = item_listing(metadata_id, query, seen=seen(confidential=True))

    requests_seen = list[tuple[str, Any]]()

    def note(*seen: Any) -> None:
        requests_seen.append((seen[2], seen[3]))

    with database.begin_read() as connection:
        event.listen(connection, "before_cursor_execute", note)
        rows = list_items(connection, listing, limit=2)
        statement, parameters = requests_seen[-1]
        words = "EXPLAIN" if database.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = " ".join(map(str, connection.exec_driver_sql(f"{words} {statement}", parameters)))

    assert [row.number for row in rows] == (["0", "1"] if ascending else ["1999", "1998"])
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
    assert "ix_" in plan


def test_an_item_that_changed_takes_the_place_of_what_it_was(database: Database, indexed: MetadataId) -> None:
    listing = item_listing(indexed, ItemQuery(kind="issue", numbers=["1"]), seen=seen(confidential=False))
    with database.begin_write() as connection:
        [before] = list_items(connection, listing)
        replace_items(connection, indexed, [issue(1, title="new", labels=["only"])])
        [after] = list_items(connection, listing)

    assert (after.title, after.id > before.id) == ("new", True)
    assert numbers(database, indexed, labels=["bug"]) == ["2"]


def test_items_go_and_with_their_subject_all_of_them(database: Database, indexed: MetadataId) -> None:
    with database.begin_write() as connection:
        delete_items(connection, indexed, "issue", ["1", "2"])
        left = count_items(connection)
        delete_metadata(connection, indexed)
        nothing = count_items(connection)

    assert left[0] == len(ITEMS) - 2
    assert nothing[0] == 0


def test_a_subject_knows_its_commit(database: Database, namespace_id: NamespaceId, metadata_id: MetadataId) -> None:
    with database.begin_write() as connection:
        assert of_namespace(connection, namespace_id) == IndexedMetadata(metadata_id, "")
        set_commit(connection, metadata_id, "a" * 40)

    with database.begin_read() as connection:
        assert of_namespace(connection, namespace_id) == IndexedMetadata(metadata_id, "a" * 40)


def test_comments_are_listed_across_items_and_by_id(database: Database, metadata_id: MetadataId) -> None:
    said = [NewComment(str(number), "17", at(number), at(40 - number)) for number in range(3)]
    with database.begin_write() as connection:
        replace_items(connection, metadata_id, [issue(1, comments=said[:2]), issue(2, comments=said[2:])])
        secret = NewComment("99", None, at(5), None)
        replace_items(connection, metadata_id, [issue(3, confidential=True, comments=[secret])])

    def listed(*, confidential: bool = False, **wanted: object) -> list[tuple[str, str]]:
        with database.begin_read() as connection:
            query = CommentQuery(kind="issue", **wanted)  # type: ignore[arg-type]
            rows = list_comments(connection, metadata_id, query, seen=seen(confidential=confidential))
            total = count_comments(connection, metadata_id, query, seen=seen(confidential=confidential))
        assert total == len(rows)
        return [(row.number, row.comment_id) for row in rows]

    assert listed() == [("1", "0"), ("1", "1"), ("2", "2")]
    assert listed(by_update=True) == [("2", "2"), ("1", "1"), ("1", "0")]
    assert listed(comment_id="2") == [("2", "2")]
    assert listed(updated=Between(at(39), None), ascending=False) == [("1", "1"), ("1", "0")]
    assert listed(confidential=True)[-1] == ("3", "99")


@pytest.mark.parametrize("wanted", [{}, {"ascending": False}, {"by_update": True}])
@pytest.mark.parametrize("confidential", [True, False])
def test_pages_of_comments_have_each_once_whatever_stands_at_one_time(
    database: Database, metadata_id: MetadataId, wanted: dict[str, bool], *, confidential: bool
) -> None:
    said = [[NewComment(f"{item}-{place}", "17", at(place // 2), at(7)) for place in range(4)] for item in range(5)]
    new = [issue(item, comments=comments, confidential=item == 3) for item, comments in enumerate(said)]
    with database.begin_write() as connection:
        replace_items(connection, metadata_id, new)
    query = CommentQuery(kind="issue", **wanted)  # type: ignore[arg-type]

    with database.begin_read() as connection:
        every = list_comments(connection, metadata_id, query, seen=seen(confidential=confidential))
        pages = [
            list_comments(connection, metadata_id, query, seen=seen(confidential=confidential), offset=offset, limit=3)
            for offset in range(0, 21, 3)
        ]

    assert [one for page in pages for one in page] == list(every)
    expected = {f"{item}-{place}" for item in range(5) for place in range(4) if confidential or item != 3}
    assert sorted(one.comment_id for one in every) == sorted(expected)
    times = [one.updated_at if query.by_update else one.created_at for one in every]
    assert times == sorted(times, key=str, reverse=not query.ascending)


TEXTS = {
    "1": "登录失败 when the Password has 100% of _ characters",
    "2": "无法登录：RequestHandler raises OSError",
    "3": "一行\nGo 语言，用js写",
    "10": 'nul\0ls "quite so" and 𠀀𠀁',
}


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("登录", {"1", "2"}),
        ("登录失败", {"1"}),
        ("登", {"1", "2"}),
        ("失败 password", {"1"}),
        ("PASSWORD", {"1"}),
        ("handler", {"2"}),
        ("go", {"3"}),
        ("G", set()),
        ("js", {"3"}),
        ("100%", {"1"}),
        ("100_", set()),
        ('"quite so"', {"10"}),
        ('"so quite"', set()),
        ("𠀀𠀁", {"10"}),
        ("nothing", set()),
        ("nul ls", {"10"}),
        ("", set()),
        ("OR AND NOT *", set()),
        ("a" * 2000, set()),
    ],
)
def test_a_search_finds_every_word_in_chinese_too(
    database: Database, metadata_id: MetadataId, search: str, expected: set[str]
) -> None:
    with database.begin_write() as connection:
        ids = replace_items(connection, metadata_id, [issue(int(number)) for number in TEXTS])
        add_texts(connection, dict(zip(ids, TEXTS.values(), strict=True)))
        first = ids[0]
        # A text that an item no longer has is not found again.
        (again,) = replace_items(connection, metadata_id, [issue(1)])
        add_texts(connection, {again: TEXTS["1"]})

    with database.begin_read() as connection:
        where = finds(connection, search)
        rows = connection.execute(items.select().where(where)).all()

    assert first != again
    assert {row.number for row in rows} == expected


def test_texts_are_forgotten_whole(database: Database, metadata_id: MetadataId) -> None:
    with database.begin_write() as connection:
        (one,) = replace_items(connection, metadata_id, [issue(1)])
        add_texts(connection, {one: "登录 password"})
        forget_texts(connection)
        rows = [
            connection.execute(items.select().where(finds(connection, word))).all() for word in ("登录", "password")
        ]

    assert rows == [[], []]
