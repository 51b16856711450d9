"""What the objects of every v5 have in common: what came and nobody described is kept with them."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar, Final

import msgspec

from matou.platforms.base.decoder import fields_of, undescribed_of


class WireStruct(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """An object of an API. A field that is UNSET is not in the JSON; None is null there."""

    keeps_undescribed: ClassVar[bool] = True

    @property
    def undescribed(self) -> Mapping[str, object]:
        """What came and stands in no documentation, or could not be read: as it came.

        `encode` leaves it out, `as_received` has it.
        """
        return undescribed_of(self)


class OriginalStruct(WireStruct, frozen=True, kw_only=True):
    """An object that is kept as it came, too, for what has no place for all of it: see `decoder.original_of`."""

    keeps_original: ClassVar[bool] = True


def as_received(value: object) -> Any:
    """Turn what was read into what `json.loads` would have given, the undescribed keys included."""
    if isinstance(value, WireStruct):
        described = {
            field.encode_name: as_received(getattr(value, field.name))
            for field in fields_of(type(value))
            if getattr(value, field.name) is not msgspec.UNSET
        }
        return {**described, **value.undescribed}
    if isinstance(value, Mapping):
        return {key: as_received(each) for key, each in value.items()}
    return [as_received(each) for each in value] if isinstance(value, list | tuple) else value


CHINA: Final = timezone(timedelta(hours=8))


def in_china(moment: datetime) -> datetime:
    """As the clock in China shows it; the last hours of all years, which it has no date for, as that of UTC."""
    try:
        return moment.astimezone(CHINA)
    except OverflowError:
        return moment
