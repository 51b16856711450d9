"""What a person reads of an error, in both languages."""

import errno
import os

import pytest

from matou import i18n
from matou.errors import MatouError, Phrase, Plural, UnknownShape
from matou.i18n import format_error, labelled, localize


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "process_language", lambda: "zh")


def test_advice_stands_on_a_line_of_its_own_and_a_value_cannot_begin_one() -> None:
    error = MatouError("{path} is there already", path="a\x1b[2J\nb", advice="add: --to DIR")

    assert format_error(error) == "a\\x1b[2J; b is there already\nadd: --to DIR"


def test_what_an_error_was_made_from_gives_its_advice_too() -> None:
    cause = MatouError("git is not installed", oldest="2.37", advice="install git {oldest} or newer")

    assert format_error(MatouError("its files are not checked out: {reason}", reason=cause)) == (
        "its files are not checked out: git is not installed\ninstall git 2.37 or newer"
    )


@pytest.mark.usefixtures("chinese")
def test_a_fault_inside_a_fault_is_told_in_chinese_with_its_values() -> None:
    fault = Phrase("nothing came for {idle}", idle=60)
    cause = MatouError("{request}: {fault}", request="GET /x", fault=fault)

    assert (
        format_error(MatouError("LFS object {oid}: {said}", oid="1", said=cause))
        == "LFS 对象 1：GET /x：60 内没有收到任何数据"
    )
    assert str(cause) == "GET /x: nothing came for 60"


@pytest.mark.usefixtures("chinese")
def test_the_fact_of_an_error_stays_translatable_when_it_is_kept_as_a_text() -> None:
    fact = UnknownShape("coding Depot.Id", "x").fact

    assert fact == "coding Depot.Id was 'x', which its documentation does not describe"
    assert localize(fact) == "coding Depot.Id 是 'x'，其文档没有说明这种情况"


@pytest.mark.usefixtures("chinese")
def test_what_the_operating_system_says_of_a_file_is_told_in_chinese() -> None:
    cause = OSError(errno.EIO, os.strerror(errno.EIO), "/archive/file")

    assert format_error(MatouError("it cannot be read: {reason}", reason=cause)) == "无法读取：输入/输出错误"


@pytest.mark.parametrize(("count", "said"), [(1, "1 more is damaged"), (2, "2 more are damaged"), (0, "0 more are")])
def test_a_text_that_counts_has_a_form_for_one(count: int, said: str) -> None:
    phrase = Plural("{count} more is damaged", "{count} more are damaged", count=count)

    assert phrase.startswith(said)
    assert localize(phrase) == phrase


@pytest.mark.usefixtures("chinese")
def test_a_text_that_counts_has_one_form_in_chinese() -> None:
    shown = [localize(Plural("{count} more is damaged", "{count} more are damaged", count=count)) for count in (1, 2)]

    assert shown == ["另有 1 个已损坏", "另有 2 个已损坏"]
    assert labelled("shop", shown[0]) == "shop：另有 1 个已损坏"
