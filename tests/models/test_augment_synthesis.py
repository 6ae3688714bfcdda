"""What generators make of a grammar that is known: after item i comes i + 1."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from models.augment import gan, synthesis, vae
from models.augment.decoder import Decoder
from models.augment.synthesis import completed, generate, read, synthesise
from models.batches import Log, cut
from models.split import split
from recaug.augment.mix import NOTHING, Mix
from recaug.augment.rows import Origin
from recaug.batch import FIRST_ROW
from tests.models.conftest import HISTORY, ITEMS, walks

ROWS = ITEMS + FIRST_ROW


@pytest.fixture(scope="module")
def data() -> tuple[Log, torch.Tensor]:
    """Walks around the ring, and where on it each item lies as its text, but for the last."""
    made = split(walks(60, 30, seed=3, sure=1.0).snapshot(), [], HISTORY, 1_000)
    place = torch.tensor([int(item[1:]) for item in made.vocabulary]) * (2 * np.pi / ITEMS)
    text = torch.zeros(ROWS, 2)
    text[FIRST_ROW:] = torch.stack([place.cos(), place.sin()], 1)
    text[-1] = 0.0
    order = {FIRST_ROW + i: int(item[1:]) for i, item in enumerate(made.vocabulary)}
    return Log(made.source, made.log.known, made.log.known), text, order


def obeyed(items: np.ndarray, order: dict[int, int]) -> float:
    """Share of synthetic pairs that the grammar allows; 1 of 40 by chance."""
    pairs = [(order[a], order[b]) for line in items for a, b in pairwise(line)
             if a and b]  # fmt: skip
    return float(np.mean([(a + 1) % ITEMS == b for a, b in pairs]))


def study_of(data):
    log, text, _ = data
    return read(cut(log, HISTORY, np.random.default_rng(0)), log, text)


def none() -> float:
    return 0.0


def never() -> bool:
    return False


def test_both_learn_the_grammar_and_the_attributes_and_their_losses_move(data) -> None:
    source, (_, text, order) = study_of(data), data
    decoder, losses = vae.fit(source.study, 140, none, 0)
    assert np.mean(losses[-20:]) < 0.5 * np.mean(losses[:20])
    generator, course = gan.fit(source.study, 140, none, 0)
    assert np.mean(course.likelihood[-20:]) < 0.5 * np.mean(course.likelihood[:20])
    # Undecided it costs log 2 for the real and again for the made.
    assert np.ptp(course.discriminator) > 0.02 and np.ptp(course.generator) > 0.02
    assert np.isfinite(course.discriminator).all() and np.isfinite(course.generator).all()
    for made_by in (decoder, generator):
        items, attributes = generate(made_by, source, 200, 1)
        assert obeyed(items, order) > 0.5
        assert len(np.unique(items[:, 0])) > ITEMS / 2, "not the same over and over"
        own, known = text.numpy()[items], text.numpy()[items].any(2)
        near = F.cosine_similarity(torch.tensor(attributes[known]), torch.tensor(own[known]))
        assert float(near.mean()) > 0.7
        again, _ = generate(made_by, source, 200, 1)
        assert np.array_equal(items, again)


def test_a_discriminator_learns_to_tell_noise_from_the_real(data) -> None:
    study = study_of(data).study
    torch.manual_seed(0)
    judge, maker = gan.Discriminator(*study.attributes.shape), Decoder(*study.attributes.shape)
    judges, generator = gan.AdamW(judge), torch.Generator().manual_seed(0)
    losses = []
    for _ in range(60):
        items = study.batch(32, generator)
        losses.append(gan._judged(judge, judges, study, items, gan._made(maker, items, generator)))
    assert losses[-1] < 0.6 * losses[0]


def test_adversary_reaches_every_weight_of_the_generator(data) -> None:
    study = study_of(data).study
    judge, maker = gan.Discriminator(*study.attributes.shape), Decoder(*study.attributes.shape)
    made = gan._made(maker, study.items[:16], torch.Generator().manual_seed(0))
    judge(judge.made(study, made)).sum().backward()
    assert all(float(weight.grad.abs().max()) > 0 for weight in maker.parameters())


def test_what_is_synthesised_can_be_trained_on(data, monkeypatch) -> None:
    monkeypatch.setattr(synthesis, "STEPS", 45)  # enough, and soon
    log, text, _ = data
    assert synthesise(log, NOTHING, text, HISTORY, 1.0, never, 0) is None
    mix = Mix.of({"vae": 0.5, "gan": 0.25})
    made = synthesise(log, mix, text, HISTORY, 1_000.0, never, 0)
    windows = len(cut(log, HISTORY, np.random.default_rng(0)).items)
    rows, origins = made.rows, np.bincount(made.rows.origin, minlength=len(Origin))
    assert abs(origins[Origin.VAE] - 0.5 * windows) <= 1
    assert abs(origins[Origin.GAN] - 0.25 * windows) <= 1
    there = rows.items > 0
    assert rows.items.shape[1] == HISTORY + 1 and there[:, -2:].all()
    assert (np.diff(there.astype(int), axis=1) >= 0).all(), "right-aligned"
    assert np.array_equal(rows.real, there) and (rows.kinds[there] == 1).all()
    gaps = np.diff(rows.times_ms, axis=1)[there[:, 1:] & there[:, :-1]]
    assert (gaps == 30_000).all(), "as in the log"
    assert np.array_equal(made.text[:-1], text.numpy()[:-1]), "what is known stays"


def test_an_item_without_text_gets_the_mean_of_what_was_made_for_it() -> None:
    text = np.array([[0, 0], [0, 0], [1, 0], [0, 0], [0, 0]], np.float32)
    items = np.array([[2, 3, 3], [3, 4, 0]])
    made = np.array([[[9, 9], [0, 2], [0, 1]], [[3, 0], [5, 5], [7, 7]]], np.float32)
    found = completed(text, items, made)
    assert found[2].tolist() == [1, 0]
    # Row 3 was made three times: (0, 2), (0, 1), (3, 0); row 4 once, which says too little.
    assert np.allclose(found[3], np.array([1, 1]) / 2**0.5)
    assert found[4].tolist() == [0, 0]


def test_the_same_seed_learns_the_same_whatever_was_drawn_before(data) -> None:
    study = study_of(data).study
    losses = vae.fit(study, 5, none, 3)[1]
    first = gan.fit(study, 10, none, 3)[1]
    torch.rand(7)
    assert vae.fit(study, 5, none, 3)[1] == losses
    assert gan.fit(study, 10, none, 3)[1] == first
    assert vae.fit(study, 5, none, 4)[1] != losses


def test_without_time_nothing_is_learned_and_nothing_made(data) -> None:
    log, text, _ = data
    _, losses = vae.fit(study_of(data).study, 100, lambda: 1.0, 0)
    assert losses == []
    made = synthesise(log, Mix.of({"vae": 0.5}), text, HISTORY, 100.0, lambda: True, 0)
    assert len(made.rows.items) == 0 and np.array_equal(made.text, text.numpy())


def test_the_adversary_has_its_part_of_the_time_however_short(data) -> None:
    parts = iter(np.linspace(0.0, 1.0, 21))
    _, course = gan.fit(study_of(data).study, 10_000, lambda: float(next(parts)), 0)
    assert (len(course.likelihood), len(course.generator)) == (20, 8)  # from 0.6 on
