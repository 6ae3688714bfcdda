"""Dead letters by source."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recaug.audit.refused import OTHER, REASONS, Refused

LETTERS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.sampled_from(["flood", "bot"]))
)


@given(LETTERS)
def test_the_last_letter_about_a_record_counts(letters: list[tuple[str, int, str]]) -> None:
    refused = Refused()
    for letter in letters:
        refused.add(*letter)
    refused.seal()
    last = {(source, offset): reason for source, offset, reason in letters}
    for source in "abc":
        codes = refused.codes(source, np.arange(22))
        shown = [refused.names[code] if code >= 0 else None for code in codes.tolist()]
        assert shown == [last.get((source, offset)) for offset in range(22)]


def test_invented_reasons_are_bounded() -> None:
    refused = Refused()
    for number in range(2 * REASONS):
        refused.add("a", number, f"invented {number}")
    refused.seal()
    assert len(refused.names) == REASONS
    codes = refused.codes("a", np.array([0, 2 * REASONS - 1]))
    assert [refused.names[code] for code in codes.tolist()] == ["invented 0", OTHER]
