"""Asking for help, or a shell's asking for words, loads no more than options; what a command does takes them all."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import click
import pytest

from matou.cli.command import PROGRAM, imported
from matou.cli.main import program

HEAVY = ("sqlalchemy", "starlette", "granian", "pygit2", "alembic", "argon2", "procrastinate", "matou.forge")

ASK_ALL_FOR_HELP = f"""
import sys
from matou.cli.command import PROGRAM
from matou.cli.main import program

def walk(command, context):
    command.get_help(context)
    loaded[context.command_path] = [name for name in {HEAVY!r} if name in sys.modules]
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        inner = command.get_command(context, name)
        walk(inner, inner.make_context(name, [], parent=context, resilient_parsing=True))

loaded = {{}}
walk(program, program.make_context(PROGRAM, [], resilient_parsing=True))
print(loaded)
"""


def commands(group: click.Group, above: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None
        context = command.make_context(name, [], parent=above, resilient_parsing=True)
        if isinstance(command, click.Group):
            yield from commands(command, context)
        else:
            yield context.command_path, command


LAZY = {
    path: (command, command.callback.args[0])
    for path, command in commands(program, program.make_context(PROGRAM, [], resilient_parsing=True))
    if isinstance(command.callback, partial)
}


def test_no_help_loads_what_only_the_run_of_a_command_needs() -> None:
    answer = subprocess.run([sys.executable, "-c", ASK_ALL_FOR_HELP], capture_output=True, text=True, check=True)
    loaded: dict[str, list[str]] = ast.literal_eval(answer.stdout)

    assert {"matou", "matou org member add", "matou serve", "matou check"} <= set(loaded)
    assert {path: names for path, names in loaded.items() if names} == {}


def test_every_command_over_the_forge_is_lazy() -> None:
    assert {path.split()[1] for path in LAZY} >= {"user", "token", "org", "repo", "role", "key", "serve", "check"}


@pytest.mark.parametrize("path", LAZY)
def test_what_a_command_does_takes_its_parameters_and_no_other(path: str) -> None:
    command, place = LAZY[path]
    given = {one.name for one in command.params if one.expose_value}

    assert set(inspect.signature(imported(place)).parameters) == given
