"""Lengths of time as people write them."""

import re
from datetime import timedelta

from matou.errors import Invalid

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_duration(text: str, option: str) -> timedelta:
    """`90m`, `26h`, `2d`, `1w`, or several such together. Raises Invalid.

    Args:
        option: what it was given for.
    """
    parts = re.findall(r"([0-9]{1,6})([smhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise Invalid(
            "invalid value for {option}: {value}",
            option=option,
            value=repr(text),
            advice="give it as 90m, 26h, 2d or 1w",
        )
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
