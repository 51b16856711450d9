"""Icons: who fetches one has no token, and what is served runs nothing."""

import pytest

from support.coding_api import Api, Team
from support.deciding import set_icon

PNG = b"\x89PNG\r\n\x1a\n rest"


def fetch(api: Api, url: str) -> tuple[int, str, bytes]:
    answer = api.request("GET", url.removeprefix("https://code.example.org"))
    if answer.status == 200:
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.status, answer.headers.get("content-type", ""), answer.body


def icon_url(api: Api) -> str:
    url: str = api("DescribeCodingProjects").response["Data"]["ProjectList"][0]["Icon"]
    return url


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 rest", "image/jpeg"),
        (b"GIF89a rest", "image/gif"),
        (b"RIFF1234WEBP rest", "image/webp"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "image/svg+xml"),
        (b'<?xml version="1.0"?>\n<svg/>', "image/svg+xml"),
        (b"<html><script>alert(1)</script></html>", "application/octet-stream"),
        (b"<?xml version='1.0'?><html/>", "application/octet-stream"),
        (b"%PDF-1.7", "application/octet-stream"),
        (b"RIFF1234WAVE", "application/octet-stream"),
    ],
)
def test_an_icon_is_served_as_what_it_is_and_no_more(team: Team, api: Api, content: bytes, kind: str) -> None:
    set_icon(team.forge, team.project, content)

    assert fetch(api, icon_url(api)) == (200, kind, content)


def test_a_project_without_an_icon_has_the_default_one(api: Api) -> None:
    status, kind, content = fetch(api, icon_url(api))

    assert (status, kind, content[:4]) == (200, "image/svg+xml", b"<svg")


def test_only_a_projects_own_icon_is_served(team: Team, api: Api) -> None:
    """A digest alone must not open a blob: LFS objects lie in the same store, and pointers tell their digests."""
    secret = team.forge.archive.blobs.put_bytes(b"an LFS object")
    icon = set_icon(team.forge, team.project, PNG).icon
    other = team.add_project("other", icon=b"GIF89a of another").id

    paths = [
        f"{team.project.id}/{secret}", f"{other}/{icon}", f"999999/{icon}", f"{2**80}/{icon}",
        f"{team.project.id}/{icon}0", f"{team.project.id}/", f"{team.project.id}/..", "default.svg/x", f"-1/{icon}",
    ]  # fmt: skip

    assert {fetch(api, f"/static/project_icon/{path}")[0] for path in paths} == {404}
    assert fetch(api, f"/static/project_icon/{team.project.id}/{icon}")[0] == 200


def test_an_icon_that_changed_has_another_url(team: Team, api: Api) -> None:
    set_icon(team.forge, team.project, PNG)
    old = icon_url(api)
    set_icon(team.forge, team.project, b"GIF89a")

    assert fetch(api, old)[0] == 404
    assert fetch(api, icon_url(api))[2] == b"GIF89a"
