"""Every command's help shows how it is used, and what it may end with."""

from collections.abc import Iterator

import click
import pytest

from matou.cli.command import Command
from matou.cli.main import program


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


ALL = dict(commands(program))
WITH_THE_COMMON_ONES = ("completion", "help", "logout", "schedule install")
"""These end with 0, 1 or 2, as every command may."""


@pytest.mark.parametrize("name", ALL)
def test_help_has_examples_of_the_command_and_its_exit_codes(name: str) -> None:
    command = ALL[name]

    assert isinstance(command, Command)
    assert command.examples
    assert all(f"matou {name}" in line for line in command.examples)
    assert command.exit_codes or name in WITH_THE_COMMON_ONES


@pytest.mark.parametrize("name", ALL)
def test_help_tells_no_empty_default(name: str) -> None:
    assert '""' not in ALL[name].get_help(click.Context(ALL[name], show_default=True))
