"""Where the pictures of a text are: outside of its code."""

import pytest

from matou.model.metadata import Markup, MarkupText
from matou.transfer.backup.metadata.text_addresses import addresses_in

PICTURE = "https://foruda.gitee.com/images/1/a_2.png"


def found(body: str, markup: Markup = "markdown") -> list[str]:
    return list(addresses_in(MarkupText(markup=markup, body=body)))


@pytest.mark.parametrize(
    "body",
    [
        f"见![图]({PICTURE})。",
        f'![图]({PICTURE} "题")',
        f"![图](<{PICTURE}>)",
        f"[文件]({PICTURE})",
        f'<img width="10" src="{PICTURE}">',
        f"<img src='{PICTURE}'/>",
        f"见{PICTURE}。",
        f"({PICTURE})",
        f"<{PICTURE}>",
        f"![图][1]\n\n[1]: {PICTURE}\n",
        f"{PICTURE}, {PICTURE}.",
        f"> ![图]({PICTURE})",
        f"![输入图片说明]({PICTURE})![输入图片说明]({PICTURE})",
        f"[{PICTURE}]({PICTURE})[再来]({PICTURE})",
        f"- 项\n    ![图]({PICTURE})",
        f"`` ` `` ![图]({PICTURE}) ``` 没有结束",
        f"```\n代码\n```\n![图]({PICTURE})",
        f"~~~\n```\n~~~\n{PICTURE}",
    ],
)
def test_an_address_is_found_as_it_stands(body: str) -> None:
    assert found(body) == [PICTURE]


@pytest.mark.parametrize(
    "body",
    [
        f"```\n![图]({PICTURE})\n```",
        f"```sh\ncurl {PICTURE}\n~~~\n{PICTURE}",
        f"~~~~\n{PICTURE}\n~~~\n{PICTURE}\n~~~~",
        f"> ```\n> {PICTURE}\n> ```",
        f"写作 `![图]({PICTURE})`",
        f"`` ` {PICTURE} ``",
        f"<pre>{PICTURE}</pre>",
        f'<CODE class="x">{PICTURE}</code >',
        "",
        "没有地址",
    ],
)
def test_what_stands_in_code_is_quoted(body: str) -> None:
    assert found(body) == []


def test_relative_addresses_and_brackets_within_them_are_found() -> None:
    body = "![a](/api/project/1/files/2/imagePreview) ![b](/uploads/x/图(1).png)"

    assert found(body) == ["/api/project/1/files/2/imagePreview", "/uploads/x/图(1).png"]


def test_in_html_entities_are_read() -> None:
    body = f'<p><img src="{PICTURE}?a=1&amp;b=2"><pre><img src="{PICTURE}"></pre></p>'

    assert found(body, "html") == [f"{PICTURE}?a=1&b=2"]


def test_each_is_found_once_in_order() -> None:
    assert found("![a](/x/1) ![b](/x/2) ![a](/x/1)") == ["/x/1", "/x/2"]


@pytest.mark.parametrize(
    "body",
    [
        "`" * 200_000,
        "` `` " * 60_000,
        "](" * 100_000,
        "<pre>" * 50_000,
        "[" * 200_000 + "](/x)",
        "https://x/" + ")" * 400_000,
        "/" + "<pre" * 200_000,
    ],
)
def test_a_text_made_to_take_long_does_not(body: str) -> None:
    """The test's own limit of time is the assertion."""
    assert len(found(body)) <= 1


@pytest.mark.parametrize(
    "address", ["http://[", "https://[1::x]/a.png", "https://gitee.com:99999/uploads/a", "//x:a/b"]
)
@pytest.mark.parametrize("body", ["![a]({}) ![b](/x/2)", "<img src='{}'> <img src='/x/2'>", "[a]: {}\n[b]: /x/2"])
def test_what_no_program_can_read_is_no_address(address: str, body: str) -> None:
    assert found(body.format(address)) == ["/x/2"]
