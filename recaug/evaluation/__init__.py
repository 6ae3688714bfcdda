"""How good a ranking is: one evaluator for the gate, for data sets and for what is served.

Every target is ranked among the full catalogue, never among samples; ties are broken by the lower
row.

  dataset ─► splits ─► contenders (baselines, and ours in `models`) ─► run ─► report
                         └─ ranking: the place of each target
  metrics, intervals, buckets: figures of places      gate: whether a challenger may serve
"""

from recaug.batch import Int64
from recaug.evaluation.gate import Verdict, gate
from recaug.evaluation.metrics import Float64, hits, ndcg
from recaug.evaluation.popularity import firsts, popular, popularity
from recaug.evaluation.ranking import MISS, Score, Scores, ranks
from recaug.evaluation.targets import HELD_OUT, Bool, Targets, hold_out, newest, targets

__all__ = [
    "HELD_OUT",
    "MISS",
    "Bool",
    "Float64",
    "Int64",
    "Score",
    "Scores",
    "Targets",
    "Verdict",
    "firsts",
    "gate",
    "hits",
    "hold_out",
    "ndcg",
    "newest",
    "popular",
    "popularity",
    "ranks",
    "targets",
]
