"""What Click says of a command line is in our catalogue, in the words in which Click asks for it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import click

from support.messages import plurals_in_code, texts_in_code

READ = ("core", "exceptions", "parser")
"""The modules that make help and errors of a command line."""

NOT_MET = frozenset(
    {
        "No such command {name!r}.",
        "No such option {name!r}.",
        "Invalid value for {param_hint}: {message}",
        "Invalid value: {message}",
        "Missing argument",
        "Missing option",
        "Did you mean {possibility}?",
        "Got unexpected extra argument ({args})",
        "Aborted!",
        "(dynamic)",
        "deprecated",
        "env var: {var}",
        "Error: {message}",
        "unknown error",
        "Usage:",
        "Positional arguments",
        "Missing parameter",
        "Missing parameter: {param_name}",
        "Missing {param_type}",
        "Name '{name}' defined twice",
        "Try '{command} {option}' for help.",
        "Value must be an iterable.",
        "Argument {name!r} takes {nargs} values.",
        "Invalid start character for option ({option})",
        "Arguments take exactly one parameter declaration, got {length}: {decls}.",
        "Boolean option {decl!r} cannot use the same flag for true/false.",
        "Could not determine name for option with declarations {decls!r}",
        "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
        "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
        (
            "No options defined but a name was passed ({name}). Did you mean to declare an argument instead?"
            " Did you mean to pass '--{name}'?"
        ),
        "Takes {nargs} values but 1 was given.",
        "Could not open file {filename!r}: {message}",
    }
)
"""Of what no command of ours has, of what only a programmer sees, or said by us in words of our own."""


def asked_for(module: str) -> Iterator[str]:
    tree = ast.parse((Path(click.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="_" | "ngettext"), args=[ast.Constant(value=str(text)), *_]):
                yield text


def test_every_word_of_clicks_that_a_person_meets_has_a_translation() -> None:
    ours = {*texts_in_code(), *(one for one, _other in plurals_in_code())}
    theirs = {text for module in READ for text in asked_for(module)}

    assert sorted(theirs - ours - NOT_MET) == []
