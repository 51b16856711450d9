"""Texts of others at a target: what acts there is quiet, wherever it only looks like code."""

import time

import pytest

from matou.transfer.migrate.conversation.markdown_text import NO_WIDTH, quiet, split_code

LEAD = "@lead"


def shown(text: str) -> str:
    parts = split_code(text)
    assert "".join(parts) == text
    parts[::2] = map(quiet, parts[::2])
    return "".join(parts)


@pytest.mark.parametrize(
    "text",
    [
        "a\u2028```\n@lead\n",
        "a\x85```\n@lead\n",
        "a\r```\n@lead\n```\n",
        "- a\n  ```\n  code\n@lead\n",
        "- a\n  ```\n  code\n@lead\n  ```\n",
        "- ```\n  ```\n  @lead\n  ```\n",
        "> ```\n> ```\n```\n@lead\n```\n"[:8] + "\n```x\n\n> ```\n@lead",
        "<div>\n```\n</div>\n\n@lead\n",
        "<!--\n```\n-->\n@lead\n",
        "- <!--\n  ```\n  -->\n  @lead\n",
        "<div>\n`@lead`\n</div>",
        '<a title="`">@lead`',
        '<a title="\n`">@lead`',
        "# a `\n@lead `b",
        "x `\n`@lead`",
        "| ` | @lead ` |\n| - | - |",
        "\\\\`a` @lead `",
        "`" + "x" * 70_000 + " @lead `",
        "-@lead",
        "see.@lead",
        "\\@lead",
    ],
)
def test_what_the_target_may_read_as_text_mentions_nobody(text: str) -> None:
    assert LEAD not in shown(text)


@pytest.mark.parametrize("sign", ["&#64;", "&#064;", "&#x40;", "&commat;"])
def test_a_sign_that_is_written_as_an_entity_mentions_nobody(sign: str) -> None:
    assert quiet(f"hello {sign}lead") == f"hello {sign}{NO_WIDTH}lead"


@pytest.mark.parametrize(
    "text",
    [
        "`@x` and ``a ` @x``",
        "a\n\n```java\n@Override\n```\n\nb",
        "~~~\n@x\n```\n~~~\n",
        "1. a\n   ```\n   @x\n\n   @y\n   ```\n2. b",
        "<details>\n\n```\n@x\n```\n\n</details>",
        "<!-- of a form -->\n```\n@x\n```",
        "a@b.example",
        "```\nunclosed @x",
    ],
)
def test_code_and_addresses_stay_as_they_are(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize("piece", ["\n", " \n", "` ", "```\n", "  ```\n", "<a\n", "- ", "&#", "`a`\n"])
def test_a_large_text_takes_time_in_proportion(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    begun = time.process_time()

    shown(text)

    assert time.process_time() - begun < 8
