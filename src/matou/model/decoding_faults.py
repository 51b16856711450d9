"""What a decoder finds wrong with what came from outside, in words that have a translation.

The libraries say it in English, and in paths such as `$.source[0].url`; nothing of their text is handed on.
"""

import re
from typing import Final

import msgspec

from matou.errors import Phrase, Plural

NOT_DECODED: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding bytes that are no such JSON raises: for a text that is not UTF-8 msgspec has no error of its own."""

_KINDS = {
    "str": Phrase("a text"),
    "int": Phrase("a whole number"),
    "float": Phrase("a number"),
    "bool": Phrase("true or false"),
    "null": Phrase("nothing"),
    "array": Phrase("a list"),
    "object": Phrase("a table"),
}
NOT_UTF8 = Phrase("it is not UTF-8")
_OTHER = Phrase("something else")
_OUT_OF_FORM = Phrase("it is not of the form that is read here")

_LINE = re.compile(r"\(at line (\d+), column (\d+)\)\Z")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_KIND = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_BOUND = re.compile(r"Expected `[^`]*` (>=|<=|>|<) ([^ ]+)")
_LENGTH = re.compile(r"Expected `[^`]*` of length (>=|<=) (\d+)")
_NO_CHOICE = re.compile(r"Invalid enum value (.*?)(?: - at `\$|\Z)", re.DOTALL)
_PATH = re.compile(r" - at `\$([^`]*)`\Z")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def fault_of_json(error: Exception) -> Phrase:
    """Of what NOT_DECODED names."""
    if isinstance(error, msgspec.ValidationError):
        return fault_of_shape(error)
    return NOT_UTF8 if isinstance(error, UnicodeDecodeError) else Phrase("it is no JSON")


def fault_of_toml(error: Exception) -> Phrase:
    """Of a TOMLDecodeError: where it is, or that the file ends too early."""
    at = _LINE.search(str(error))
    if at is None:
        return Phrase("it is no TOML: it ends too early")
    return Phrase("it is no TOML at line {line}, column {column}", line=at[1], column=at[2])


def fault_of_shape(error: Exception) -> Phrase:
    """Of msgspec's ValidationError: what is missing, unknown or of another kind, and where."""
    text = str(error)
    fault = _fault(text)
    path = _path(text)
    return Phrase("{place}: {fault}", place=path, fault=fault) if path else fault


def _fault(text: str) -> Phrase:
    if match := _MISSING.match(text):
        return Phrase("{name} is missing", name=match[1])
    if match := _UNKNOWN.match(text):
        return Phrase("nothing is known of {name}", name=match[1])
    if match := _KIND.match(text):
        expected, came = (_KINDS.get(kind.partition(" ")[0], _OTHER) for kind in match.groups())
        return Phrase("{wanted} was expected, and {came} is there", wanted=expected, came=came)
    return _fault_of_value(text)


def _fault_of_value(text: str) -> Phrase:
    """Where the kind is right, and the value will not do."""
    if match := _LENGTH.match(text):
        return _fault_of_length(match[1], int(match[2]))
    if match := _BOUND.match(text):
        return _fault_of_bound(match[1], match[2])
    if match := _NO_CHOICE.match(text):
        return Phrase("{value} is none of those that it may be", value=match[1])
    return _OUT_OF_FORM


def _fault_of_length(sign: str, count: int) -> Phrase:
    if sign == ">=":
        return Plural("it is shorter than {count} character", "it is shorter than {count} characters", count=count)
    return Plural("it is longer than {count} character", "it is longer than {count} characters", count=count)


def _fault_of_bound(sign: str, bound: str) -> Phrase:
    match sign:
        case ">=":
            return Phrase("it is less than {bound}", bound=bound)
        case "<=":
            return Phrase("it is more than {bound}", bound=bound)
        case ">":
            return Phrase("it is not more than {bound}", bound=bound)
        case _:
            return Phrase("it is not less than {bound}", bound=bound)


def _path(text: str) -> str:
    """`source 2, url` of `$.source[1].url`: people count from one."""
    match = _PATH.search(text)
    steps = _STEP.findall(match[1]) if match else []
    return ", ".join(name or f"#{int(number) + 1}" for name, number in steps).replace(", #", " ")
