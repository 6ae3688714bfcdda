"""Rank the whole catalogue for a batch of histories: one ONNX Runtime run.

    Scorer        load · score · project · table · provider

The item table is an input of the graph. It is bound once and changed in place, so an item that
appeared a second ago is ranked with all others and no model is reloaded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort

from recaug.batch import Batch, batch
from recaug.provider import provider_of, session
from recaug.registry import Bundle, CorruptBundle
from recaug.settings import Settings
from recaug.table import FIRST, MASK, UNKNOWN, Float32, Int64, ItemTable

#: Below this a score is a masked row's, not an item's.
SHOWN = float(MASK) / 2

#: Batch sizes run once at load, so that the first requests find memory and kernels ready.
WARM_UP = (1, 8, 64)
