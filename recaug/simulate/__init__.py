"""Made-up shoppers in a made-up shop, whose right answers are known.

shop (words) → catalogue → relations → choices ← shoppers; visit → world → spoil
"""

from recaug.simulate.spoil import Message, Spoiler, spoiled
from recaug.simulate.world import World

__all__ = ["Message", "Spoiler", "World", "spoiled"]
