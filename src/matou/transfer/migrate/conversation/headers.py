"""The line above each text that says who wrote it, when and where: what no platform's API lets us set.

The words stand here and not in the catalogue of messages: another word would be another text at the target, which a
later run would write again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from matou.model.metadata import Item
from matou.transfer.export.markdown_files import literal
from matou.transfer.migrate.conversation.markdown_text import quiet

Deed = Literal["opened", "commented", "released", "decided"]

_CHINA: Final = timezone(timedelta(hours=8))

_ENGLISH: Final[Mapping[str, str]] = {
    "opened": "> {who} opened this{at} on {platform}: {link}",
    "commented": "> {who} commented{at} on {platform}: {link}",
    "released": "> {who} released this{at} on {platform}: {link}",
    "decided": "> {who}{at} on {platform} {link}: {decision}",
    "at": ", {at},",
    "nobody": "**Somebody**",
    "part": "> Part {part} of {parts}; what was written was too long for this platform.",
    "goes_on": "*(goes on in the next comment: part {part} of {parts})*",
    "title": "> The whole title: {title}",
    "no_title": "(without a title)",
    "line": "> On {place}:",
    "files": "Files:",
    "missing": "not saved: {reason}",
    "too_large": "{size}, more than this platform takes of a file; the archive has it, by its SHA-256 {digest}",
    "gap_title": "(deleted at the source) {number}",
    "refused_title": "(not written here) {number}",
    "refused": "> {number} of {platform} {path} could not be written here. It stays in the archive, and this keeps the "
    "numbers of the others as they were.",
    "gap": "> There was no {number} at {platform} {path} any more. This keeps the numbers of the others as they were.",
}
_CHINESE: Final[Mapping[str, str]] = {
    "opened": "> {who}{at}创建于 {platform} {link}",
    "commented": "> {who}{at}评论于 {platform} {link}",
    "released": "> {who}{at}发布于 {platform} {link}",
    "decided": "> {who}{at}在 {platform} {link}：{decision}",
    "at": " 于 {at} ",
    "nobody": "**某人**",
    "part": "> 第 {part} 部分，共 {parts} 部分：原文超过了本平台的长度上限。",
    "goes_on": "*（下一条评论中继续：第 {part} 部分，共 {parts} 部分）*",
    "title": "> 完整标题：{title}",
    "no_title": "（无标题）",
    "line": "> 位于 {place}：",
    "files": "文件：",
    "missing": "未保存：{reason}",
    "too_large": "{size}，超过本平台单个文件的上限；归档库中有此文件，SHA-256 为 {digest}",
    "gap_title": "（来源处已删除）{number}",
    "refused_title": "（未能写入）{number}",
    "refused": "> {platform} {path} 的 {number} 未能写入此处，仍留在归档库中。此处占位，使其他编号保持不变。",
    "gap": "> {platform} {path} 上已没有 {number}。此处占位，使其他编号保持不变。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLines:
    """Puts them in one language.

    Attributes:
        platform: what the source calls itself.
        path: of the repository or namespace at the source.
    """

    language: str
    platform: str
    path: str

    def head(
        self, deed: Deed, *, name: str, login: str, at: datetime | None, sign: str, url: str | None, decision: str = ""
    ) -> str:
        """One line.

        Args:
            sign: what it was called there, `#7`, a tag.
            url: its page there.
        """
        return self.word(
            deed,
            who=self._who(name, login),
            at=self.word("at", at=self._moment(at)) if at else (" " if self.language == "zh" else ""),
            platform=self.platform,
            link=self._link(sign, url),
            decision=harmless(decision),
        )

    def word(self, name: str, **values: object) -> str:
        words = _CHINESE if self.language == "zh" else _ENGLISH
        return words[name].format(**values)

    def place(self, path: str, line: int | None) -> str:
        return self.word("line", place=code_span(path if line is None else f"{path}:{line}"))

    def _who(self, name: str, login: str) -> str:
        if not name and not login:
            return self.word("nobody")
        shown = f"**{harmless(name or login)}**"
        return f"{shown} ({code_span(login)})" if login and login != name else shown

    def _moment(self, at: datetime) -> str:
        """As the clock there shows it; what no clock in China shows, in UTC."""
        if self.language != "zh":
            return f"{at:%Y-%m-%d %H:%M} UTC"
        try:
            return f"{at.astimezone(_CHINA):%Y-%m-%d %H:%M} +08:00"
        except OverflowError:
            return f"{at:%Y-%m-%d %H:%M} UTC"

    def _link(self, sign: str, url: str | None) -> str:
        text = harmless(f"{self.path}{sign}")
        address = harmless_address(url)
        return f"[{text}]({address})" if address else text


def harmless(text: str) -> str:
    """On one line, and nothing but what it reads."""
    return quiet(literal(text))


def fact_line(facts: Iterable[tuple[str, str]], item: Item) -> list[str]:
    """What a target has no place for, on one line, where anything of it is known; its address stands in another."""
    shown = [f"{harmless(label)}: {harmless(value)}" for label, value in facts if value and value != item.url]
    return [f"> {' · '.join(shown)}"] if shown else []


def code_span(text: str) -> str:
    """On one line, as code: no one is mentioned there."""
    return f"`{' '.join(text.split()).replace('`', chr(39)) or ' '}`"


def harmless_address(url: str | None) -> str:
    """One that a browser goes to and that ends where it ends; empty where there is none."""
    if not url or not url.isprintable():
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_page = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return quote(url, safe="/:?#[]@!$&'*+,;=%~", errors="replace") if is_page else ""
