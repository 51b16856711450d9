"""What an action about what was saved answers, held to the vendor's document."""

from collections.abc import Mapping
from typing import Any

from support.coding_api import Api
from support.coding_schemas import blank, faults_of_answer


def answer(api: Api, action: str, **parameters: Any) -> Any:
    """After it was held to the vendor's document, of which no key may be missing."""
    response = api(action, **parameters).response
    assert "Error" not in response, response["Error"]
    assert faults_of_answer(action, response) == []
    return response


def lacks(name: str, row: Mapping[str, Any]) -> set[str]:
    return set(blank(name)) - set(row)
