"""Both languages say the same, and every text that a person may see is in both."""

import ast
import gettext
import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from support.command_pages import GUIDES, reference
from support.command_pages import written as written_guide
from support.messages import (
    CATALOGUE,
    COMPILED,
    SOURCES,
    compiled,
    is_translated,
    plurals_in_code,
    read_catalogue,
    texts_in_code,
    updated,
    written,
)
from support.source_trees import nodes_of

ROOT = Path(__file__).parents[2]


def all_messages() -> list[Message]:
    return [message for message in read_catalogue() if message.id]


def test_every_text_has_a_chinese_translation() -> None:
    translated = {message.id for message in all_messages() if is_translated(message)}
    assert (texts_in_code().keys() | plurals_in_code().keys()) - translated == set(), (
        "run `make messages`, then translate what it names"
    )


def test_no_translation_outlives_its_text() -> None:
    known = {message.id for message in all_messages()}
    assert known - texts_in_code().keys() - plurals_in_code().keys() == set(), "run `make messages`"


def test_a_translation_has_the_same_values_as_its_text() -> None:
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    plain = [message for message in all_messages() if isinstance(message.id, str)]
    different = [m.id for m in plain if names(str(m.id)) != names(str(m.string))]
    unknown = [
        m.id for m in all_messages() if isinstance(m.id, tuple) and names(forms(m)[-1]) - set().union(*map(names, m.id))
    ]
    assert (different, unknown) == ([], [])


def forms(message: Message) -> list[str]:
    """What it says in English and in Chinese."""
    return [
        text
        for said in (message.id, message.string or ())
        for text in ([said] if isinstance(said, str) else said)
        if text
    ]


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    assert COMPILED.read_bytes() == compiled(read_catalogue()), "run `make messages`"


def test_the_catalogue_is_written_the_same_each_time() -> None:
    assert CATALOGUE.read_bytes() == written(updated(read_catalogue())), "run `make messages`"
    assert b"Date" not in CATALOGUE.read_bytes()
    assert b"fuzzy" not in CATALOGUE.read_bytes()


def test_a_text_that_counts_is_in_the_compiled_catalogue_in_both_forms() -> None:
    (one, other), *_ = plurals_in_code()
    with COMPILED.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)

    assert catalogue.ngettext(one, other, 1) == catalogue.ngettext(one, other, 2)
    assert catalogue.ngettext(one, other, 2) not in (one, other)


HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][:;,()!]|[:;,()!] ?[\u4e00-\u9fff]")
"""Beside Chinese a mark is a Chinese one; between words of code it stays as code has it."""


def test_chinese_texts_have_chinese_punctuation() -> None:
    assert [m.string for m in all_messages() if any(map(HALF_WIDTH.search, forms(m)))] == []


def test_no_text_for_a_person_is_put_together_with_english_punctuation() -> None:
    """`i18n.labelled` sets a colon as the person's language does; a sentence is one template."""
    put_together = [
        f"{path.relative_to(SOURCES)}: {piece.value!r}"
        for path in sorted((SOURCES / "cli").rglob("*.py"))
        for node in nodes_of(path)
        if isinstance(node, ast.JoinedStr)
        for piece in node.values
        if isinstance(piece, ast.Constant) and re.search(r"[:;,] ", str(piece.value))
    ]
    assert put_together == ["cli/ui/output.py: 'matou: '"]


def test_an_error_that_is_made_before_it_is_raised_is_among_the_texts() -> None:
    assert {"there is no repository {path}", "{request}: answered {status}: {said}"} <= set(texts_in_code())


def test_a_translation_ends_in_a_full_stop_where_its_text_does() -> None:
    """What ends in one stands alone; anything else may stand in the middle of a sentence."""
    different = [
        str(m.id) for m in read_catalogue() if m.id and str(m.id).endswith(".") != str(m.string).endswith(("。", "..."))
    ]
    assert different == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_option_of_every_command_stands_in_the_guide_with_its_default(language: str) -> None:
    page = GUIDES[language].read_text(encoding="utf-8")

    assert page == written_guide(page, language), "run `make messages`"


def test_no_command_or_option_is_without_a_word_of_what_it_does() -> None:
    pages = {language: reference(language) for language in GUIDES}
    rows = {language: [row for row in page.splitlines() if row.startswith("| `")] for language, page in pages.items()}

    assert [row for row in rows["en"] if row.endswith("|  |")] == []
    assert [row for row in rows["zh"] if not re.search(r"[\u4e00-\u9fff][^|]*\|$", row)] == []
    assert len(rows["en"]) == len(rows["zh"]) > 100


def shape(page: str) -> list[str]:
    """The headings' levels and every fenced block, in order: what two languages must have in common."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?^```|^#+", text, re.MULTILINE | re.DOTALL)
    return [re.sub(r"#.*", "", block) if block.startswith("```") else block for block in blocks]


def test_both_readmes_have_the_same_shape_and_commands() -> None:
    assert shape("README.md") == shape("README.zh-CN.md")


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "guide").glob("*.zh-CN.md")), ids=lambda page: page.name)
def test_both_languages_of_a_page_have_the_same_shape_and_commands(page: Path) -> None:
    other = page.with_name(page.name.replace(".zh-CN", ""))

    assert shape(str(page.relative_to(ROOT))) == shape(str(other.relative_to(ROOT)))


def test_every_page_of_the_guide_is_there_in_both_languages() -> None:
    pages = {page.name for page in (ROOT / "docs" / "guide").glob("*.md")}

    assert {page for page in pages if page.replace(".zh-CN.md", ".md") not in pages} == set()
    assert {page for page in pages if page.replace(".zh-CN", "").replace(".md", ".zh-CN.md") not in pages} == set()


def test_lines_of_english_pages_are_of_ordinary_length() -> None:
    """But for tables, addresses and what is made by a program; Chinese has no blank at which a line could end."""
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
        if not {"reference", "CHANGELOG.md", "commands.md"} & set(path.parts) and ".zh-CN" not in path.name
        for number, line in enumerate(outside_blocks(path.read_text(encoding="utf-8")), 1)
        if len(re.sub(r"`[^`]*`|\]\([^)]*\)", "", line)) > 120 and not line.startswith("|")
    ]

    assert long == []


def outside_blocks(text: str) -> list[str]:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL).splitlines()
