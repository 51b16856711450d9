"""Finds every text that a person may see and keeps the Chinese catalogue whole; `make messages` runs this file.

A text is the first argument of a raised error or of `translate`, `_`, `Phrase`, or an `advice=` argument.
"""

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCES = Path(__file__).parents[2] / "src" / "matou"
CATALOGUE = SOURCES / "locale" / "zh_CN" / "LC_MESSAGES" / "matou.po"
COMPILED = CATALOGUE.with_suffix(".mo")

TRANSLATING = {"_", "translate", "Phrase", "say"}


def texts_in_code() -> dict[str, list[str]]:
    """Every template with the files that say it."""
    found: dict[str, list[str]] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        for text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            files = found.setdefault(text, [])
            name = path.relative_to(SOURCES).as_posix()
            if name not in files:
                files.append(name)
    return found


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and " " in _text(node.exc.args[:1]):
            yield _text(node.exc.args[:1])
        if isinstance(node, ast.Call):
            if _name(node.func) in TRANSLATING:
                yield from filter(None, [_text(node.args[:1])])
            yield from (_text([word.value]) for word in node.keywords if word.arg == "advice" and _text([word.value]))


def _text(arguments: list[ast.expr]) -> str:
    match arguments:
        case [ast.Constant(value=str(text))]:
            return text
        case _:
            return ""


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def read_catalogue() -> Catalog:
    if not CATALOGUE.exists():
        return Catalog(locale="zh_CN", domain="matou")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_CN", domain="matou")


def compiled(catalogue: Catalog) -> bytes:
    buffer = BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def main() -> None:
    old, texts = read_catalogue(), texts_in_code()
    new = Catalog(locale="zh_CN", domain="matou", project="matou", version="", header_comment="# Matou in Chinese.")
    for text, files in sorted(texts.items()):
        known = old.get(text)
        new.add(text, known.string if known else "", user_comments=files)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, new, width=120, omit_header=False, sort_output=True)
    COMPILED.write_bytes(compiled(read_catalogue()))
    for message in new:
        if message.id and not message.string:
            print("not translated:", message.id)


if __name__ == "__main__":
    main()
