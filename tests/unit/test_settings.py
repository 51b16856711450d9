"""Whether people may have the server reach private addresses: only if the operator says so, in so many words."""

import pytest

from matou.settings import InvalidSetting, Settings


@pytest.mark.parametrize(
    ("environment", "allowed"),
    [({}, False), ({"MATOU_IMPORT_PRIVATE": ""}, False), ({"MATOU_IMPORT_PRIVATE": "0"}, False),
     ({"MATOU_IMPORT_PRIVATE": "1"}, True)],
)  # fmt: skip
def test_imports_reach_private_addresses_only_if_it_is_said(environment: dict[str, str], allowed: bool) -> None:
    assert Settings.from_environment(environment).imports_may_reach_private is allowed


@pytest.mark.parametrize("value", ["yes", "true", "2", " 1"])
def test_anything_else_is_a_mistake_to_be_told(value: str) -> None:
    with pytest.raises(InvalidSetting):
        Settings.from_environment({"MATOU_IMPORT_PRIVATE": value})
