"""What cannot be read is named as the platform names it, not as our class is called."""

from typing import ClassVar

import msgspec
import pytest

from matou.errors import UnknownShape
from matou.platforms.base.decoder import Decoder, original_of

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
