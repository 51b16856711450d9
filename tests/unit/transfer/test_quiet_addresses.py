"""What only begins as an address does is a text to the target, in which somebody may be mentioned."""

import pytest

from matou.model.metadata_targets import FileDelivery, MetadataRules
from matou.transfer.migrate.conversation.markdown_text import NO_WIDTH
from matou.transfer.migrate.conversation.references import References

RULES = MetadataRules(shares_numbers=True, is_sequential=True, file_delivery=FileDelivery.COMMITTED)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://@lead", f"http://@{NO_WIDTH}lead"),
        ("https://-@lead/x", f"https://-@{NO_WIDTH}lead/x"),
        ("https://h.example/@lead", "https://h.example/@lead"),
    ],
)
def test_an_address_without_a_host_mentions_nobody(text: str, shown: str) -> None:
    references = References(source="s", rules=RULES, written={}, wanted={}, addresses={})  # type: ignore[arg-type]

    assert references.in_text(text, {}) == shown
