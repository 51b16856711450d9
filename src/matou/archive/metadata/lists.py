"""Lists in Markdown that people read where the metadata repository is shown: README.md, issues.md, changes.md.

They follow from the items alone. Their words stand here and not in the catalogue of messages: they are part of what is
saved, and another word would be another tree.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from matou.archive.metadata.about import About, KindCount
from matou.model.metadata import ChangeRequest, Item, Participant, PersonKey
from matou.model.metadata.kinds import CHANGE, ISSUE, KINDS, MetadataKind, TreeLayout

LONGEST_LIST: Final = 1000
"""Rows: what forges still show as a table."""

README: Final = "README.md"
LISTS: Final[Mapping[str, MetadataKind]] = {"issues.md": ISSUE, "changes.md": CHANGE}

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#!&])")

_ENGLISH: Final[Mapping[str, str]] = {
    "head": "What lay around the code of {path} at {host}, as of run {run}. Kept by Matou.",
    "counts": "| kind | where | items | gone at the source |",
    "how": "Each item is a file of JSON, or of Markdown with a head of JSON. `git log -p` tells what changed, and "
    "`git lfs checkout` brings pictures, attachments and assets.",
    "issue": "Issues",
    "change": "Change requests",
    "columns": "| number | title | state | by | last changed | comments |",
    "more": "The {count} latest of {all}; the others are in the same folders.",
    "gone": "gone in run {run}",
    "open": "open",
    "closed": "closed",
    "merged": "merged",
}
_CHINESE: Final[Mapping[str, str]] = {
    "head": "{host} 上 {path} 的代码之外的内容，截至第 {run} 次备份。由码头（Matou）保存。",
    "counts": "| 种类 | 位置 | 条目 | 来源处已消失 |",
    "how": "每个条目是一个 JSON 文件，或带 JSON 文件头的 Markdown 文件。`git log -p` 显示改动，"
    "`git lfs checkout` 取出图片、附件和发行版文件。",
    "issue": "事项",
    "change": "合并请求",
    "columns": "| 编号 | 标题 | 状态 | 作者 | 最后改动 | 评论 |",
    "more": "最新的 {count} 个，共 {all} 个；其余的在同样的文件夹里。",
    "gone": "第 {run} 次备份时已消失",
    "open": "打开",
    "closed": "关闭",
    "merged": "已合并",
}
_WORDS: Final = {"en": _ENGLISH, "zh": _CHINESE}


def readme(about: About) -> bytes:
    words = _WORDS.get(about.language, _ENGLISH)
    rows = (_count_row(kind, about.counts[name]) for name, kind in KINDS.items() if name in about.counts)
    links = (f"* [{words[kind.name]}]({file})" for file, kind in LISTS.items() if kind.name in about.counts)
    head = words["head"].format(path=escaped(about.path), host=escaped(about.host), run=about.run)
    return _joined(
        [f"# {escaped(about.path)}", "", head, "", *links, "", words["counts"], _rule(4), *rows, "", words["how"]]
    )


def item_list(
    kind: MetadataKind,
    items: Iterable[tuple[str, Item]],
    people: Mapping[PersonKey, Participant],
    *,
    count: int,
    language: str,
) -> bytes:
    """A table of items, each with the path of its file, in the order given; `count` is how many the kind has."""
    words = _WORDS.get(language, _ENGLISH)
    rows = [_row(path, item, people, words) for path, item in items]
    more = [words["more"].format(count=len(rows), all=count), ""] if len(rows) < count else []
    return _joined([f"# {words[kind.name]}", "", *more, words["columns"], _rule(6), *rows])


def escaped(text: str) -> str:
    """A text of anybody's as one cell of a table, in which nothing means anything."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _count_row(kind: MetadataKind, count: KindCount) -> str:
    is_folder = kind.layout is not TreeLayout.TABLE
    place = f"[{kind.place}]({kind.place}{'/' if is_folder else ''})" if kind.place else ""
    return f"| {kind.name} | {place} | {count.items} | {len(count.gone or ()) or ''} |"


def _row(path: str, item: Item, people: Mapping[PersonKey, Participant], words: Mapping[str, str]) -> str:
    person = people.get(item.by) if item.by is not None else None
    author = (person.name or person.login) if person is not None else (item.by or "")
    state = words[item.state] if item.gone_in is None else words["gone"].format(run=item.gone_in)
    changed = item.updated_at or item.at
    cells = (
        f"[{escaped(item.number)}]({path})",
        escaped(item.title),
        state,
        escaped(author),
        "" if changed is None else changed.strftime("%Y-%m-%d"),
        str(_comments(item) or ""),
    )
    return f"| {' | '.join(cells)} |"


def _comments(item: Item) -> int:
    threads = item.threads if isinstance(item, ChangeRequest) else ()
    return len(item.comments) + sum(len(thread.comments) for thread in threads)


def _rule(columns: int) -> str:
    return "|---" * columns + "|"


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
