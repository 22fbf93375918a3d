"""What a message shows of a text that was tidied: the difference can be seen."""

from __future__ import annotations

import pytest

from validators.messages import Finding
from validators.values.tidying import tidy_code, tidy_text


@pytest.mark.parametrize(
    ("before", "seen", "after"),
    [
        ("a\u00a0b", "a␣b", "a b"),
        ("a\tb", "a␣b", "a b"),
        ("a\u200bb", "a[U+200B]b", "ab"),
        ("ａ\u3000b", "ａ␣b", "ａ b"),
    ],
)
def test_what_was_tidied_can_be_seen(before: str, seen: str, after: str) -> None:
    """WB-9: a warning with before and after, and the two do not look alike."""
    found, ((code, facts),) = tidy_text(before)
    assert found == after
    said = f"'{seen}' was read as '{after}': odd blanks or characters were tidied."
    assert Finding(code, 4, "note", facts).text == said


def test_plain_blanks_stay_blanks() -> None:
    """Two blanks in a code are shown as they are typed."""
    assert tidy_code("A  1") == ("A 1", [("text-changed", {"before": "A  1", "after": "A 1"})])
