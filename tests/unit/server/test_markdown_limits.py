"""Markdown that was written to make a parser slow is shown as it was written; all other is rendered as ever."""

import pytest

from matou import bounded_markdown
from matou.bounded_markdown import LONGEST_PARAGRAPH
from matou.model.names import RepositoryPath
from matou.server.web import markdown
from matou.server.web.markdown import TextKind, TextLocation, render_document

PLACE = TextLocation(RepositoryPath.parse("team/ship"), "main", None)


def rendered(text: str) -> str:
    return str(render_document(text, TextKind.MARKDOWN, PLACE))


def test_a_paragraph_longer_than_anybody_writes_has_no_signs() -> None:
    page = rendered("[" * (LONGEST_PARAGRAPH + 1) + "\n\n**bold**\n")

    assert "[" * (LONGEST_PARAGRAPH + 1) in page
    assert "<strong>bold</strong>" in page


@pytest.mark.parametrize("text", ["*a*", "a\n" * 50, "- a\n" * 50, "|a|\n|-|\n|b|\n", "> a\n"])
def test_what_takes_too_long_stands_as_it_was_written(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(bounded_markdown, "LONGEST_SECONDS", -1.0)

    assert rendered(f"<b>{text}").startswith('<pre class="plain">&lt;b&gt;')


def test_what_would_be_cleaned_for_minutes_stands_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "MOST_REFERENCES", 10)

    assert rendered("& " * 11).startswith('<pre class="plain">')
    assert rendered("& " * 9).startswith("<p>")
    assert rendered("<b>" * 1000).startswith('<pre class="plain">')


def test_a_text_of_every_kind_is_rendered() -> None:
    page = rendered("# T\n\n- [x] a\n\n|a|b|\n|-|-|\n|1|2|\n\nx[^1] ~~y~~ <b>z</b>\n\n[^1]: note\n")

    for part in ("<h2", 'type="checkbox"', "<td>1</td>", "<s>y</s>", "<b>z</b>", "note"):
        assert part in page
