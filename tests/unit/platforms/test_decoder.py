"""What cannot be read is named as the platform names it, not as our class is called."""

from typing import ClassVar

import msgspec
import pytest

from matou.errors import UnknownShape
from matou.platforms.base.decoder import AnswerBrokeOff, Decoder, original_of, parse_answer

DECODER = Decoder("harbour")


class HarbourBoat(msgspec.Struct):
    name: str


class HarbourV3Boat(msgspec.Struct):
    name: str


class Harbour(msgspec.Struct):
    name: str


@pytest.mark.parametrize(
    ("kind", "shown"),
    [(HarbourBoat, "Boat"), (HarbourV3Boat, "Boat"), (Harbour, "Harbour"), (list[HarbourBoat], "list")],
)
def test_what_cannot_be_read_has_the_name_of_the_platform(kind: type, shown: str) -> None:
    with pytest.raises(UnknownShape, match=rf"harbour {shown}\b"):
        DECODER.read(kind, 7)


def test_a_field_stands_behind_the_name_of_the_platform() -> None:
    with pytest.raises(UnknownShape, match=r"harbour Boat\.name"):
        DECODER.read(HarbourBoat, {"name": None})


class Ferry(msgspec.Struct, dict=True):
    keeps_original: ClassVar[bool] = True

    name: str = ""


def test_what_keeps_what_was_given_has_every_key_as_it_came() -> None:
    ferry = DECODER.read(Ferry, {"name": "渡船", "seats": "12", "owner": None})

    assert original_of(ferry) == {"name": "渡船", "seats": "12", "owner": None}


def test_what_does_not_keep_what_was_given_has_nothing_of_it() -> None:
    assert original_of(Ferry(name="made here")) == {}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb'["\ud83d"]', ["\ufffd"]),
        (rb'["cut \ud83d", "\udc00x", "\ud83d\ud83d\ude00"]', ["cut \ufffd", "\ufffdx", "\ufffd😀"]),
        (rb'["\\ud83d", "\\\ud83d", "\""]', ["\\ud83d", "\\\ufffd", '"']),
        (b'["\xff\xe5\x90"]', ["\ufffd\ufffd"]),
    ],
)
def test_half_a_character_costs_that_character_alone(body: bytes, expected: list[str]) -> None:
    assert parse_answer(body, platform="example") == expected


@pytest.mark.parametrize("body", [rb'["\ud83d', b'["a', b'{"a": "\xff"'])
def test_what_broke_off_broke_off_whatever_characters_are_in_it(body: bytes) -> None:
    with pytest.raises(AnswerBrokeOff):
        parse_answer(body, platform="example")
