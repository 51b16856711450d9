"""What `--url` of a server may be."""

import pytest

from matou.server.origin import NoBaseUrl, read_base_url


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "",
        "code.example.org",
        "ftp://code.example.org",
        "https://",
        "https://a b",
        "http://h/?q",
        "http://[::1",
    ],
)
def test_what_links_cannot_begin_with_is_refused(text: str) -> None:
    with pytest.raises(NoBaseUrl, match="not an address that links can begin with"):
        read_base_url(text)


@pytest.mark.parametrize(
    "text", ["https://code.example.org/", "http://127.0.0.1:8585", "https://[::1]:1", "http://h/x"]
)
def test_an_address_is_taken_without_a_slash_at_its_end(text: str) -> None:
    assert read_base_url(text) == text.rstrip("/")
