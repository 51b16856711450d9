"""A value of metadata as bytes: whatever is in it comes back, and the same value is the same bytes."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matou.archive.metadata.json_form import DamagedMetadata, decode, decode_outline, decode_table, encode, encode_table
from matou.archive.metadata.pages import decode_page, encode_page
from matou.archive.metadata.tree_paths import asset_path, attachment_path, natural_order, path_of
from matou.model.metadata import Announcement, ChangeRequest, Comment, CustomField, Issue, LabelDefinition, MarkupText
from matou.model.metadata.kinds import CHANGE, ISSUE, RELEASE, WIKI_PAGE
from matou.model.names import fault_of_segment
from support.metadata_items import DIGEST, change, comment, issue, picture

TEXTS = st.text(st.characters(codec=None))
"""Halves of surrogate pairs, too."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def issues(draw: st.DrawFn) -> Issue:
    return Issue(
        number=draw(TEXTS),
        title=draw(TEXTS),
        text=MarkupText(markup="markdown", body=draw(TEXTS)),
        at=draw(TIMES),
        state="open",
        labels=tuple(draw(st.lists(TEXTS, max_size=2))),
        fields=(CustomField(name=draw(TEXTS), value=draw(JSON)),),
        comments=(Comment(id=draw(TEXTS), at=draw(TIMES), text=MarkupText(markup="plain", body=draw(TEXTS))),),
        extra=draw(st.dictionaries(TEXTS, JSON, max_size=3)),
    )


@given(issues())
def test_what_is_written_is_what_is_read(value: Issue) -> None:
    content = encode(value)

    assert decode(Issue, content, path="x") == value
    assert encode(decode(Issue, content, path="x")) == content
    assert content.endswith(b"\n}\n")


@example({"\ud800": "\ud800"}, {"\ud800": ["\ud800"]})
@given(st.dictionaries(TEXTS, TEXTS, max_size=3), st.dictionaries(TEXTS, JSON, max_size=3))
def test_a_table_comes_back_whatever_its_keys_are(names: dict[str, str], settings: dict[str, Any]) -> None:
    labels = {key: LabelDefinition(name=name, color="ff0000") for key, name in names.items()}

    content = encode_table(labels)

    assert decode_table(LabelDefinition, content, path="x") == labels
    assert encode_table(decode_table(LabelDefinition, content, path="x")) == content
    assert decode_table(None, encode_table(settings), path="x") == settings


@given(issues())
def test_an_outline_is_all_of_an_item_but_what_was_said(value: Issue) -> None:
    outline = decode_outline(Issue, encode(value), path="x")

    assert outline == replace(value, comments=(), events=())


def test_an_outline_keeps_what_a_later_matou_wrote() -> None:
    value, request = issue("7", comments=(comment("1"),)), change("12")
    written = json.loads(encode(value)) | {"mood": "good"}

    outline = decode_outline(Issue, json.dumps(written).encode(), path="x")

    assert outline == replace(value, comments=(), unknown={"mood": "good"})
    assert decode_outline(ChangeRequest, encode(request), path="x") == replace(request, threads=())


@pytest.mark.parametrize(
    "content", [b'{"kind":"issue","comments":[}', b"[]", encode(issue("7")).replace(b'"open"', b"4")]
)
def test_an_outline_of_what_is_no_item_is_damage(content: bytes) -> None:
    with pytest.raises(DamagedMetadata, match="issues/0000/7"):
        decode_outline(Issue, content, path="issues/0000/7.json")


@given(TEXTS)
def test_a_page_comes_back_whatever_its_text_is(body: str) -> None:
    page = Announcement(id="3", title="---", text=MarkupText(markup="markdown", body=body))

    assert decode_page(Announcement, encode_page(page), path="x") == page


@given(TEXTS, TEXTS)
def test_two_keys_never_have_one_file_and_each_part_of_a_path_is_safe(one: str, other: str) -> None:
    for kind in (ISSUE, CHANGE, RELEASE):
        first, second = path_of(kind, one), path_of(kind, other)
        assert (first == second) == (one == other)
        assert [fault for part in first.split("/") if (fault := fault_of_segment(part))] == []


@given(TEXTS)
def test_the_name_of_a_file_is_safe(name: str) -> None:
    paths = (attachment_path("ab" * 32, name), asset_path(name, name, sha256="ab" * 32, is_twin=True))

    assert [fault for path in paths for part in path.split("/") if (fault := fault_of_segment(part))] == []


@pytest.mark.parametrize(
    ("number", "path"),
    [
        ("7", "issues/0000/7.json"),
        ("712", "issues/0007/712.json"),
        ("1234567", "issues/12345/1234567.json"),
        ("I6D3AV", "issues/I6D/I6D3AV.json"),
        ("007", "issues/007/007.json"),
        ("7.2", "issues/7_2/7_2_~1e409ac6.json"),
        ("CON", "issues/CON_~85701053/CON_~85701053.json"),
        ("CONA7", "issues/CON_~85701053/CONA7.json"),
    ],
)
def test_an_issue_lies_by_its_number(number: str, path: str) -> None:
    assert path_of(ISSUE, number) == path


@pytest.mark.parametrize(
    ("tag", "path"),
    [("v1.0", "releases/v1.0.json"), ("release/1.0", "releases/release_1.0~"), ("CON", "releases/_CON~")],
)
def test_a_release_lies_by_its_tag_made_safe(tag: str, path: str) -> None:
    assert path_of(RELEASE, tag).startswith(path)
    assert path_of(WIKI_PAGE, "CON").startswith("wiki/CON_~")


def test_keys_are_sorted_as_people_count() -> None:
    assert sorted(["10", "9", "I10", "I9", ""], key=natural_order) == ["", "9", "10", "I9", "I10"]


@pytest.mark.parametrize(
    "change",
    [
        {"state": "half-open"},
        {"title": None},
        {"comments": {}},
        {"at": "2026-01-01T08:00:00"},
        {"at": 5},
        {"labels": [3]},
        {"comments": [{"id": "1"}]},
    ],
)
def test_another_shape_is_damage_that_names_the_file(change: dict[str, Any]) -> None:
    content = json.dumps({**json.loads(encode(issue("7"))), **change}).encode()

    with pytest.raises(DamagedMetadata, match=r"issues/0000/7\.json"):
        decode(Issue, content, path="issues/0000/7.json")


def test_a_number_of_thousands_of_digits_has_its_place_in_the_order() -> None:
    keys = ["9" * 5000, "10", "1" + "0" * 5000, "b", "9", "٣", "²"]

    assert sorted(keys, key=natural_order)[:4] == ["9", "10", "9" * 5000, "1" + "0" * 5000]


@pytest.mark.parametrize(
    "digest", ["../" * 5 + "etc/passwd", "", "AB" * 32, "ab" * 32 + "\n", "ab" * 31, "/etc/passwd"]
)
def test_what_cannot_name_a_blob_is_damage(digest: str) -> None:
    """Whoever hands an archive over writes into it what he likes."""
    content = encode(replace(issue("7"), files=(picture(),))).replace(
        DIGEST.encode(), json.dumps(digest)[1:-1].encode()
    )

    with pytest.raises(DamagedMetadata):
        decode(Issue, content, path="issues/0000/7.json")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "2026-01-01T00:00:00"])
def test_a_time_that_is_none_in_utc_is_damage(time: str) -> None:
    content = encode(issue("7")).replace(b"2026-01-01T08:00:00Z", time.encode())

    with pytest.raises(DamagedMetadata):
        decode(Issue, content, path="issues/0000/7.json")
