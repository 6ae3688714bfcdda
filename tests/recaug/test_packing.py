"""What is packed is read back, costs what it should, and nothing else is read at all."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.events import KINDS
from recaug.packing import pack_kinds, pack_names, unpack_kinds, unpack_names

characters = st.characters(exclude_categories=["Cs"])
names = st.lists(
    st.text(characters, max_size=255)
    | st.text("0123456789abcdef", max_size=12)
    | st.from_regex(r"sku-[0-9]{5}", fullmatch=True),
    max_size=60,
)


@given(names)
def test_names_are_read_back(given_names: list[str]) -> None:
    assert unpack_names(pack_names(given_names), len(given_names)) == given_names


@pytest.mark.parametrize("odd", [["A1"], ["a b"], ["a1 "], ["A1", "a1"], ["0 0"], [""], ["", "1"]])
def test_what_only_looks_like_hex_is_kept_as_it_is(odd: list[str]) -> None:
    assert unpack_names(pack_names(odd), len(odd)) == odd


def test_equal_ids_of_digits_cost_half_a_byte_a_digit() -> None:
    # 3 bytes of head, "sku-1" once, one length, 100 times four digits.
    ids = [f"sku-1{n * 97 % 10_000:04d}" for n in range(100)]
    assert len(pack_names(ids)) == 3 + 5 + 1 + 100 * 4 // 2


def test_other_ids_cost_their_length_and_one() -> None:
    ids = ["shirt", "trousers", "hat"]
    assert len(pack_names(ids)) == 3 + sum(len(name) + 1 for name in ids)


@given(st.lists(st.integers(0, 15), max_size=60))
def test_kinds_are_read_back_from_half_a_byte_each(kinds: list[int]) -> None:
    packed = pack_kinds(kinds)
    assert len(packed) == (len(kinds) + 1) // 2
    assert unpack_kinds(packed, len(kinds)) == kinds


def test_every_kind_fits_half_a_byte() -> None:
    assert max(KINDS.values()) < 16


@given(names.filter(bool), st.data())
def test_names_that_are_cut_short_are_refused(some: list[str], data: st.DataObject) -> None:
    whole = pack_names(some)
    with pytest.raises((ValueError, struct.error)):
        unpack_names(whole[: data.draw(st.integers(0, len(whole) - 1))], len(some))


@given(st.binary(max_size=80), st.integers(0, 20))
def test_any_bytes_are_names_or_refused(data: bytes, count: int) -> None:
    try:
        found = unpack_names(data, count)
    except (ValueError, struct.error):
        return
    assert len(found) == count
