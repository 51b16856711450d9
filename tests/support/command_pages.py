"""Keeps the reference of commands in both languages: arguments, options, defaults, as the program has them.

`make messages` writes it, and a rule holds it. The program says its words in one language a process, so each language
has a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from click import Command, Context, Group, Parameter

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "guide"
GUIDES = {"en": FOLDER / "commands.md", "zh": FOLDER / "commands.zh-CN.md"}
LOCALES = {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}
BEGIN = "<!-- The rest is made by `make messages` of what the commands say of themselves. -->\n"
HEADS = {
    "en": "| argument or option | default | what it does |",
    "zh": "| 参数或选项 | 默认 | 作用 |",
}
WORDS = {"en": ("required", "none", "no"), "zh": ("必须给出", "无", "否")}
SHARED = {"--quiet", "--verbose", "--help"}
"""Every command has them; the page says so once."""


def written(page: str, language: str) -> str:
    """The page with the reference as it should be."""
    head, marker, _ = page.partition(BEGIN)
    assert marker, "the page has no place for the reference of commands"
    return head + marker + reference(language)


def reference(language: str) -> str:
    """From the sources, in a process of its own."""
    environment = {
        **os.environ,
        "LC_ALL": LOCALES[language],
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, __file__, language]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, encoding="utf-8").stdout


def _pages(language: str) -> Iterator[str]:
    from matou.cli.command import PROGRAM
    from matou.cli.main import program
    from matou.i18n import use_for_libraries

    use_for_libraries()
    yield from _command(program, program.make_context(PROGRAM, [], resilient_parsing=True), language)


def _command(command: Command, context: Context, language: str) -> Iterator[str]:
    rows = [row for parameter in command.get_params(context) if (row := _row(parameter, context, language))]
    yield f"\n## {context.command_path}\n\n{(command.help or '').strip()}\n"
    if rows:
        yield "\n" + "\n".join([HEADS[language], "|---|---|---|", *rows]) + "\n"
    if isinstance(command, Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _command(inner, inner.make_context(name, [], parent=context, resilient_parsing=True), language)


def _row(parameter: Parameter, context: Context, language: str) -> str | None:
    names = [*parameter.opts, *parameter.secondary_opts]
    if SHARED & set(names):
        return None
    is_flag = bool(getattr(parameter, "is_flag", False))
    value = "" if is_flag else f" {parameter.make_metavar(context)}"
    if parameter.param_type_name == "argument":
        shown = f"`{parameter.human_readable_name.strip('[].')}`"
    else:
        shown = ", ".join(f"`{name}{value}`" for name in names)
    text = str(getattr(parameter, "help", None) or "").strip()
    return _cells(shown, _default(parameter, context, language, is_flag=is_flag), text)


def _cells(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(parameter: Parameter, context: Context, language: str, *, is_flag: bool) -> str:
    required, none, no = WORDS[language]
    shown = getattr(parameter, "show_default", None)
    if parameter.required:
        return required
    if isinstance(shown, str):
        return f"`{shown}`" if shown.isascii() and " " not in shown else shown
    default = parameter.get_default(context, call=False)
    if is_flag:
        return no
    return f"`{default}`" if isinstance(default, str | int) and default != "" else none


def main() -> None:
    """Write both pages anew; with a language, print its reference."""
    if sys.argv[1:]:
        print("".join(_pages(sys.argv[1])), end="")
        return
    for language, page in GUIDES.items():
        page.write_text(written(page.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    main()
