"""What every recommend worker knows whole: items, their vectors, trends, erasures and the model."""

from __future__ import annotations

import logging

import numpy as np
import orjson
from pydantic import ValidationError

from recaug import worker_metrics as m
from recaug.erase import MOST as ERASURES
from recaug.erase import Erasures
from recaug.errors import Failure
from recaug.live import TREND_EVENTS
from recaug.promotion import Floor, Promotion
from recaug.recommend import Recommender
from recaug.registry import ModelRecord, Registry
from recaug.settings import Settings
from recaug.signing import Keys
from streams.follower import Followed, Source
from streams.logs import logger
from streams.metrics import Metrics
from streams.telemetry import Telemetry, unheard

log = logger(__name__)

#: Largest item table of a model that is kept beside the one that serves, bytes.
TABLE, FROZEN_BYTES = "items.npy", 2**27


class Knowledge:
    """What every worker knows whole; its handlers run on the follower's thread."""

    def __init__(
        self,
        settings: Settings,
        recommender: Recommender,
        erasures: Erasures | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        telemetry = unheard("recommend") if telemetry is None else telemetry
        self._metrics: Metrics = telemetry.metrics
        self._metrics[m.GPU_EXPECTED].set(settings.provider == "cuda")
        self._erasures = Erasures() if erasures is None else erasures
        self._name = settings.model
        self._keys = Keys.of(settings)
        self._registry = Registry(settings.registry.absolute(), self._keys)
        self._floor = Floor(settings.data_dir.absolute() / "recommend" / f"{settings.model}.floor")
        self._recommender = recommender
        topics = settings.topics
        self.sources = {
            topics.clean_items.name: Source(self._on_item),
            topics.item_vectors.name: Source(self._on_vector),
            topics.models.name: Source(self._on_model),
            topics.clean_users.name: Source(self._on_user, tail=ERASURES),
            topics.events.name: Source(self._on_event, tail=TREND_EVENTS),
        }

    def _on_item(self, found: Followed) -> None:
        document = None if found.value is None else orjson.loads(found.value)
        self._recommender.item(found.key, document)

    def _on_vector(self, found: Followed) -> None:
        vector = None if found.value is None else np.frombuffer(found.value, "<f2")
        self._recommender.vector(found.key, vector)

    def _on_user(self, found: Followed) -> None:
        if found.value is None:
            self._erasures.erase(found.key, found.appended_ms)
            self._recommender.erase(found.key)

    def _on_event(self, found: Followed) -> None:
        if not self._erasures.covers(found.key, found.appended_ms):
            self._recommender.popular(orjson.loads(found.value or b"{}"))

    def _on_model(self, found: Followed) -> None:
        """Serve what was promoted, once a trusted key vouches for it and every byte of it."""
        if found.key != self._name or found.value is None:
            return
        version = "?"
        try:
            record = ModelRecord.model_validate_json(found.value)
            version = record.version
            self._serve(record.promotion)
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            why = f"its announcement has no good {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}"
            self._refused(version, why)
        except Failure as refused:
            self._refused(version, f"{refused}; the one before serves on")

    def _serve(self, promotion: Promotion) -> None:
        version, serving = promotion.version, self._recommender.model["version"]
        if promotion.name != self._name or not promotion.is_signed(self._keys):
            self._refused(version, "no trusted key signed its promotion")
            return
        if promotion.sequence < self._floor.value:
            # After a start these are the promotions of the past, and no reason to worry.
            level = logging.INFO if serving is None else logging.ERROR
            log.log(
                level, "refused model %s: a later promotion has been served", version, model=version
            )
            return
        if version != serving:
            bundle = self._registry.open(self._name, version, promotion.manifest_sha256)
            self._recommender.swap(bundle)
            self._metrics.serves(self._recommender.model)
            log.info("serving model %s", version, model=version)
            self._freeze(version)
        self._floor.rise(promotion.sequence)

    def _refused(self, version: str, why: str) -> None:
        self._metrics[m.SWAPS].labels("refused").inc()
        log.error("refused model %s: %s", version, why, model=version, reason=why)

    def _freeze(self, serving: str) -> None:
        """Compare from now on with the oldest model there is, unless that is the one served."""
        oldest = next(iter(self._registry.versions(self._name)), serving)
        if oldest == serving or self._recommender.frozen is not None:
            return
        try:
            bundle = self._registry.open(self._name, oldest)
            if bundle.manifest.files[TABLE].bytes <= FROZEN_BYTES:
                self._recommender.freeze(bundle)
                log.info("comparing with model %s", oldest, model=oldest)
        except Failure as unusable:
            log.warning("nothing is compared with model %s: %s", oldest, unusable, model=oldest)
