import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.augment.mix import NOTHING, Mix, views
from recaug.augment.registry import AUGMENTERS, VIEWS, WEIGHTS, Place
from recaug.augment.rows import Origin, counts, joined
from tests.recaug.augment.test_sequence import SIMILAR, some

EVEN = Mix.of(dict.fromkeys(VIEWS, 0.1))


def test_every_augmenter_that_makes_rows_has_an_origin_and_every_view_is_made() -> None:
    rows = {n for n, one in AUGMENTERS.items() if one.place in (Place.VIEW, Place.ROWS)}
    assert {kind.name.lower() for kind in Origin} == rows | {"observed"}
    assert set(VIEWS) == {n for n, one in AUGMENTERS.items() if one.place is Place.VIEW}
    assert WEIGHTS[Origin.OBSERVED] == 1.0


def test_a_mix_is_plain_hashable_and_the_same_in_any_order() -> None:
    one = Mix.of({"mask": 0.1, "fgm": 0.25, "crop": 0.2, "vae": 0.0})
    assert one == Mix.of(json.loads(json.dumps(one.plain())))
    assert hash(one) == hash(Mix.of({"fgm": 0.25, "crop": 0.2, "mask": 0.1}))
    assert one.at(Place.VIEW) == {"crop": 0.2, "mask": 0.1}
    assert (one.share("fgm"), one.share("vae")) == (0.25, 0.0)


@pytest.mark.parametrize(
    "shares", [{"magic": 0.1}, {"crop": -0.1}, {"fgm": 1.1}, {"crop": 0.6, "mask": 0.6}]
)
def test_no_mix_can_be_made_of_what_makes_no_sense(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"none of|between|exceed"):
        Mix.of(shares)


@given(st.sampled_from(sorted(AUGMENTERS)), st.dictionaries(st.sampled_from(list(VIEWS)),
       st.floats(0.01, 0.14)))  # fmt: skip
def test_a_toggle_turns_one_on_or_off_and_leaves_the_others_on(
    name: str, shares: dict[str, float]
) -> None:
    before = Mix.of(shares)
    after = before.toggled(name)
    assert (after.share(name) > 0) != (before.share(name) > 0)
    assert set(after.plain()) ^ set(before.plain()) == {name}
    if name in shares:
        assert after.toggled(name).share(name) == AUGMENTERS[name].share


def test_share_and_origin_say_what_was_done() -> None:
    rows = some([10] * 700)
    assert views(rows, SIMILAR, NOTHING, np.random.default_rng(0)) is rows
    found = views(rows, SIMILAR, EVEN, np.random.default_rng(0))
    number = counts(found.origin)
    assert sum(number.values()) == 700
    # 70 of each, 210 as they were, give or take five deviations.
    assert all(abs(number[name] - 70) < 5 * (700 * 0.1 * 0.9) ** 0.5 for name in VIEWS)
    untouched = found.origin == Origin.OBSERVED
    assert np.array_equal(found.items[untouched], rows.items[untouched])


def test_all_can_be_views_and_what_was_synthesised_is_none() -> None:
    whole = Mix.of({"crop": 0.5, "mask": 0.5})
    rows = some([10] * 50)
    assert counts(views(rows, SIMILAR, whole, np.random.default_rng(0)).origin)["observed"] == 0
    made = replace(rows, origin=np.full(50, Origin.GAN, np.int8))
    both = views(joined(made, rows), SIMILAR, whole, np.random.default_rng(0))
    assert np.array_equal(both.items[:50], rows.items)
    assert counts(both.origin)["gan"] == 50


def test_the_same_seed_gives_the_same_views() -> None:
    rows = some([10, 4, 7])
    pair = [views(rows, SIMILAR, EVEN, np.random.default_rng(5)) for _ in range(2)]
    assert np.array_equal(pair[0].items, pair[1].items)
