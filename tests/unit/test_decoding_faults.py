"""What a decoder finds wrong is told without a word of the library's."""

from enum import StrEnum
from typing import Annotated

import msgspec
import pytest

from matou.model.decoding_faults import NOT_DECODED, fault_of_json, fault_of_shape


class Color(StrEnum):
    RED = "red"


class Given(msgspec.Struct):
    count: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=3)] = "x"
    color: Color = Color.RED
    share: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.5
    word: Annotated[str, msgspec.Meta(pattern="^x")] = "x"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"count": "one"}, "count: a whole number was expected, and a text is there"),
        ({"count": 0}, "count: it is less than 1"),
        ({"count": 6}, "count: it is more than 5"),
        ({"share": 0}, "share: it is not more than 0.0"),
        ({"share": 1}, "share: it is not less than 1.0"),
        ({"name": ""}, "name: it is shorter than 1 character"),
        ({"name": "long"}, "name: it is longer than 3 characters"),
        ({"color": "bl - at ue"}, "color: 'bl - at ue' is none of those that it may be"),
        ({"word": "y"}, "word: it is not of the form that is read here"),
    ],
)
def test_a_value_that_will_not_do_is_told_in_our_words(document: dict[str, object], said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(document, Given)

    assert fault_of_shape(raised.value) == said


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{", "it is no JSON"),
        (b'"\xff"', "it is not UTF-8"),
        (b"[" * 100_000, "it is no JSON"),
        (b'{"count": 0}', "count: it is less than 1"),
    ],
)
def test_what_is_no_such_json_is_told_in_our_words(document: bytes, said: str) -> None:
    with pytest.raises(NOT_DECODED) as raised:
        msgspec.json.decode(document, type=Given if document.startswith(b'{"') else object)

    assert fault_of_json(raised.value) == said
