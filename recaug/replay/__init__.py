"""A data set on disk, as events in time order at a chosen speed.

files → source (which format?) → tables | lists | lines → columns → happening → order → speed →
player; names, choice and headless say which column is what, documents knows titles and people
beside the data.
"""

from recaug.replay.choice import Choice
from recaug.replay.happening import Happening, Tally
from recaug.replay.order import in_time_order
from recaug.replay.source import Source, open_source
from recaug.replay.speed import Speed, split_target

__all__ = [
    "Choice",
    "Happening",
    "Source",
    "Speed",
    "Tally",
    "in_time_order",
    "open_source",
    "split_target",
]
