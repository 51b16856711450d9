"""`matou serve --requests-per-minute`: who asks too often is told when to come back."""

import urllib3

from support.program import serving
from support.team import Team

HTTP = urllib3.PoolManager(retries=False)


def statuses(url: str, requests: int) -> list[int]:
    return [HTTP.request("GET", f"{url}/api/v5/openapi.json").status for _ in range(requests)]


def test_the_limit_that_was_asked_for_holds_and_there_is_none_on_loopback(team: Team) -> None:
    with serving(team.person, team.root, "--requests-per-minute", "3") as limited:
        answers = statuses(limited, 8)
        refused = HTTP.request("GET", f"{limited}/api/v5/openapi.json")

    assert answers.count(200) in (3, 6)  # A minute may begin in between.
    assert {*answers} == {200, 429}
    assert 1 <= int(refused.headers.get("retry-after", "60")) <= 60
    assert statuses(team.url, 8) == [200] * 8
