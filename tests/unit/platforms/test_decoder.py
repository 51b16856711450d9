"""What cannot be read is named as the platform names it, not as our class is called."""

import msgspec
import pytest

from matou.errors import UnknownShape
from matou.platforms.base.decoder import Decoder

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
