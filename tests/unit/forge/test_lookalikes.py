"""Skeletons: what a person sees (Unicode Technical Standard 39). The expected ones were made by ICU 77."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.model.lookalikes import skeleton


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("p\u0430ypal", "paypal"),
        ("\u0435\u0445\u0440l\u043er\u0435", "explore"),
        ("\u0430cme", "acrne"),
        ("modern", "rnodern"),
        ("\u0131", "i"),
        ("\u03bf\u0585\u06f0", "oo."),
        ("\u4e00", "\u30fc"),
        ("\u56d7", "\u53e3"),
        ("a\u034f\ufe0fb", "ab"),
        ("\u00e9", "e\u0301"),
        ("\u30ed", "\u53e3"),
        ("码头", "码头"),
    ],
)
def test_a_skeleton_is_that_of_unicode(text: str, seen: str) -> None:
    assert skeleton(text) == seen


@given(st.text())
def test_a_skeleton_is_its_own_and_heeds_no_normal_form(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)
    assert skeleton(unicodedata.normalize("NFC", text)) == skeleton(text)
