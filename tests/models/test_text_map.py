import numpy as np

from models.text_map import first_rows, fit

RNG = np.random.default_rng(0)
TRUE = RNG.normal(size=(12, 6))
NAMES = [f"i{n}" for n in range(200)]
TEXT = {name: RNG.normal(size=12).astype(np.float32) for name in NAMES}


def rows(names: list[str]) -> np.ndarray:
    found = np.stack([TEXT[name] @ TRUE for name in names])
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def test_places_an_item_by_its_text_alone() -> None:
    known, new = NAMES[:150], NAMES[150:]
    found = fit(known, rows(known), np.full(150, 50), TEXT)
    assert found is not None
    assert found.shape == (12, 6)
    guessed = np.stack([TEXT[name] @ found for name in new])
    cosine = (guessed * rows(new)).sum(1) / np.linalg.norm(guessed, axis=1)
    assert cosine.mean() > 0.9
    fitted = np.stack([TEXT[name] @ found for name in known])
    assert abs(np.linalg.norm(fitted, axis=1).mean() - 1.0) < 1e-5


def test_items_nobody_touched_teach_nothing() -> None:
    assert fit(NAMES, rows(NAMES), np.zeros(200, np.int64), TEXT) is None
    assert fit(NAMES, rows(NAMES), np.ones(200, np.int64), {}) is None


def test_a_new_row_points_where_its_text_does_and_is_as_short_as_any() -> None:
    noise = RNG.normal(size=(2, 6)).astype(np.float32) * 0.02
    found = first_rows(["i1", "nameless"], TEXT, TRUE.astype(np.float32), noise)
    assert np.allclose(found[1], noise[1])
    expected = TEXT["i1"] @ TRUE
    assert np.allclose(
        found[0] / np.linalg.norm(found[0]), expected / np.linalg.norm(expected), atol=1e-5
    )
    assert np.isclose(np.linalg.norm(found[0]), np.linalg.norm(noise[0]), rtol=1e-5)
