"""Every metric of the services' own `/metrics`: name, type, sentence, labels and who has it.

A label is one of a closed list: a topic of ours, a partition, a reason, a kind of event. What is
measured from outside has names of its own in `recaug.exporter.families`, so that no sum over all
jobs counts anything twice.
"""

from __future__ import annotations

from typing import NamedTuple

from recaug.exposition import Family

#: Upper ends of histograms: of what takes milliseconds, and of a batch.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DELAYS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
TRAININGS = (1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
RECORDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0)


class Metric(NamedTuple):
    """A family, of the services that are named, else of all; `buckets` of a histogram."""

    family: Family
    labels: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


SERVICE = Metric(
    Family("recaug_service_info", "gauge", "1, labelled with the service and its version."),
    ("service", "version"),
)

# What is read
CONSUMED = Metric(
    Family("recaug_events_consumed_total", "counter", "Records handled, by their topic."),
    ("topic",),
)
ASSIGNED = Metric(Family("recaug_partitions_assigned", "gauge", "Partitions that the worker owns."))
REBALANCES = Metric(
    Family("recaug_rebalances_total", "counter", "Times that partitions were handed out anew.")
)
POSITION_LAG = Metric(
    Family(
        "recaug_consumer_position_lag_messages",
        "gauge",
        "Records between what was read last and the end of the partition, as last fetched.",
    ),
    ("topic", "partition"),
)
TIME_LAG = Metric(
    Family(
        "recaug_consumer_time_lag_seconds",
        "gauge",
        "Age of the record handled last, by the broker's clock; 0 when none is left to handle.",
    ),
    ("topic", "partition"),
)

# Batches
IN_FLIGHT = Metric(Family("recaug_inflight_events", "gauge", "Records of the batch in hand."))
BATCH_SIZE = Metric(
    Family("recaug_batch_size", "histogram", "Records of a batch."), buckets=RECORDS
)
PROCESSING = Metric(
    Family(
        "recaug_processing_duration_seconds",
        "histogram",
        "Time of a batch by stage: decode, state, retrieve, score, produce, and total.",
    ),
    ("stage",),
    buckets=SECONDS,
)
LIMITS = Metric(
    Family("recaug_limits_reached_total", "counter", "Times that a limit was met, by its name."),
    ("limit",),
)

# clean
REJECTED = Metric(
    Family("recaug_events_rejected_total", "counter", "Records refused: dead letters now."),
    ("topic", "reason"),
    ("clean",),
)
DEDUPLICATED = Metric(
    Family("recaug_events_deduplicated_total", "counter", "Events that were sent again."),
    ("topic",),
    ("clean",),
)

# recommend
_RECOMMEND = ("recommend",)
PRODUCED = Metric(
    Family(
        "recaug_recommendations_produced_total",
        "counter",
        "Lists written, by what they fell back to; `none` is a list of the model's.",
    ),
    ("fallback",),
    _RECOMMEND,
)
SUPERSEDED = Metric(
    Family(
        "recaug_recommendations_superseded_total",
        "counter",
        "Older events of a user that one list stands for, while the service is behind.",
    ),
    (),
    _RECOMMEND,
)
DELAY = Metric(
    Family(
        "recaug_recommend_delay_seconds",
        "histogram",
        "From the append of a checked event to its list's acknowledgement, by kind of event.",
    ),
    ("event",),
    _RECOMMEND,
    DELAYS,
)
SCORE = Metric(
    Family("recaug_score_duration_seconds", "histogram", "Time that the model takes for a batch."),
    ("provider", "precision"),
    _RECOMMEND,
    SECONDS,
)
MODEL = Metric(
    Family("recaug_served_model_info", "gauge", "1, labelled with the model that answers."),
    ("model", "version", "precision", "provider"),
    _RECOMMEND,
)
LOADED = Metric(
    Family("recaug_model_loaded_timestamp_seconds", "gauge", "When it began to answer, Unix time."),
    (),
    _RECOMMEND,
)
SWAPS = Metric(
    Family("recaug_model_swaps_total", "counter", "Models announced: those served, those refused."),
    ("result",),
    _RECOMMEND,
)
GPU_EXPECTED = Metric(
    Family("recaug_gpu_expected", "gauge", "1 where RECAUG_PROVIDER asks for a GPU, else 0."),
    (),
    _RECOMMEND,
)
REDIS = Metric(
    Family("recaug_redis_duration_seconds", "histogram", "Time of a call of the store of users."),
    ("op",),
    _RECOMMEND,
    SECONDS,
)
REDIS_ERRORS = Metric(
    Family("recaug_redis_errors_total", "counter", "Calls of the store of users that failed."),
    ("op",),
    _RECOMMEND,
)

# learn
_LEARN = ("learn",)
BUFFER = Metric(Family("recaug_buffer_events", "gauge", "Events kept for training."), (), _LEARN)
TRAINING = Metric(
    Family("recaug_training_running", "gauge", "1 while a model is trained, else 0."), (), _LEARN
)
TRAININGS_DONE = Metric(
    Family("recaug_trainings_total", "counter", "Trainings that ended, by outcome."),
    ("outcome",),
    _LEARN,
)
TRAINING_TIME = Metric(
    Family("recaug_training_duration_seconds", "histogram", "Time that a training took."),
    (),
    _LEARN,
    TRAININGS,
)

METRICS = tuple(found for found in dict(globals()).values() if isinstance(found, Metric))


def of(service: str) -> tuple[Metric, ...]:
    """Those of one service."""
    return tuple(one for one in METRICS if not one.services or service in one.services)
