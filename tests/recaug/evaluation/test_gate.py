import numpy as np
import pytest

from recaug import evaluation
from recaug.evaluation import MISS


def places(hits_at_0: int, misses: int) -> evaluation.Int64:
    return np.array([0] * hits_at_0 + [MISS] * misses)


def test_a_clear_winner_is_promoted() -> None:
    verdict = evaluation.gate(places(80, 20), None, places(20, 80))
    assert verdict.promoted
    assert verdict.metrics["challenger"] == {"ndcg@10": 0.8, "hr@10": 0.8}
    assert verdict.metrics["popularity"]["hr@10"] == 0.2


@pytest.mark.parametrize(
    ("own", "champion", "popular", "why"),
    [
        (places(20, 80), None, places(20, 80), "popularity"),
        (places(21, 79), None, places(20, 80), "popularity"),
        (places(80, 20), places(90, 10), places(20, 80), "champion"),
        (places(40, 9), None, places(0, 49), "only 49"),
        (places(0, 0), None, places(0, 0), "only 0"),
    ],
)
def test_losers_are_told_why(
    own: evaluation.Int64, champion: evaluation.Int64 | None, popular: evaluation.Int64, why: str
) -> None:
    verdict = evaluation.gate(own, champion, popular)
    assert not verdict.promoted
    assert why in verdict.reason


def test_as_good_as_the_champion_is_good_enough() -> None:
    own = places(80, 20)
    verdict = evaluation.gate(own, own, places(20, 80))
    assert verdict.promoted
    assert verdict.metrics["tolerance"] == pytest.approx(0.004)


def test_the_same_figures_on_every_run() -> None:
    judged = [evaluation.gate(places(60, 40), places(61, 39), places(20, 80)) for _ in range(2)]
    assert judged[0] == judged[1]
