"""What git says to a credential helper and hears from it."""

import io

import pytest

from matou.credentials import GitCredential, Secret
from matou.credentials.git_helper import CredentialRequest, NotACredentialRequest, read_request, write_answer


def read(text: str) -> CredentialRequest:
    return read_request(io.BytesIO(text.encode()))


def test_git_names_an_origin_and_what_else_it_says_is_passed_over() -> None:
    text = "capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=Git.Example:8443\nusername=li\n\nmore"

    request = read(text)

    assert (request.origin, request.user, request.password) == ("https://git.example:8443", "li", None)


def test_a_password_may_hold_the_sign_that_parts_keys_from_values() -> None:
    request = read("protocol=https\nhost=h\nusername=u\npassword=a=b= c\n")

    assert request.password == Secret("a=b= c")
    assert "a=b" not in repr(request)


@pytest.mark.parametrize(
    "text", ["", "\n", "protocol=https\n", "host=h\n", "nothing\n", "protocol=https\nhost=h\nx=" + "y" * 70_000]
)
def test_what_is_not_gits_protocol_is_refused(text: str) -> None:
    with pytest.raises(NotACredentialRequest):
        read(text)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example\rhost=git.example",
        "git.example\r",
        "git.example\0",
        "evil.example\nhost=git.example",
        "git.example/.evil.example",
        "git.example/@evil.example",
        "git.example?.evil.example",
        "git.example#.evil.example",
        "git.example\\.evil.example",
        "li@git.example",
        "git.example:443:443",
        "git.example:",
        "git.example:x",
        " git.example",
        "gít.example",
        "git\u3002example",
    ],
)
def test_a_host_that_is_more_than_a_host_gets_no_answer(host: str) -> None:
    """CVE-2020-5260, CVE-2020-11008, CVE-2024-52006: a URL that somebody else wrote decides what git says here."""
    with pytest.raises(NotACredentialRequest):
        read(f"protocol=https\nhost={host}\n\n")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(NotACredentialRequest):
        read_request(io.BytesIO(b"protocol=https\nhost=h\nusername=\xff\n\n"))


@pytest.mark.parametrize(
    "host", ["git.example", "git.example:8443", "127.0.0.1:1", "[::1]:8443", "under_score.example"]
)
def test_a_host_with_or_without_its_port_is_one(host: str) -> None:
    assert read(f"protocol=https\nhost={host}\n").origin == f"https://{host}"


@pytest.mark.parametrize(("user", "password"), [("a\nb", "c"), ("a", "b\nquit=1"), ("a", "b\r"), ("a", "b\0")])
def test_a_secret_that_would_end_its_own_line_is_not_told(user: str, password: str) -> None:
    told = io.StringIO()

    with pytest.raises(NotACredentialRequest, match="line break"):
        write_answer(GitCredential(user, Secret(password)), told)

    assert told.getvalue() == ""


def test_an_answer_is_a_user_name_and_a_password() -> None:
    told = io.StringIO()

    write_answer(GitCredential("li", Secret("密码 =")), told)

    assert told.getvalue() == "username=li\npassword=密码 =\n"
