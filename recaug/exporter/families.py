"""Every metric of the exporter's own: names, types and sentences, and nothing that grows.

Those called `kafka_` are kafka-lag-exporter's and klag-exporter's, with their labels but for
`consumer_id`, `client_id` and `member_host`, which are new at every start of a worker.
"""

from __future__ import annotations

from recaug.exposition import Family

_GROUP = "kafka_consumergroup_group"

# The exporter itself
KAFKA_UP = Family("recaug_kafka_up", "gauge", "1 while the broker answers the exporter, else 0.")
SAMPLED = Family(
    "recaug_sample_timestamp_seconds", "gauge", "When lag was last measured, Unix time."
)
BUILD = Family("recaug_build_info", "gauge", "1, labelled with the version of the exporter.")

# Of a group in one partition
LAG = Family(f"{_GROUP}_lag", "gauge", "Records not yet committed.")
LAG_SECONDS = Family(
    f"{_GROUP}_lag_seconds",
    "gauge",
    "Age of the oldest record not yet committed, by the broker's clock; 0 when there is none.",
)
OFFSET = Family(f"{_GROUP}_offset", "gauge", "Committed offset.")
LOST = Family(f"{_GROUP}_messages_lost", "gauge", "Records deleted before they were read.")
RETENTION_RATIO = Family(
    f"{_GROUP}_lag_retention_ratio", "gauge", "Lag as a percentage of the records kept."
)

# Of a group
MAX_LAG = Family(f"{_GROUP}_max_lag", "gauge", "Largest lag of a partition, records.")
MAX_LAG_SECONDS = Family(
    f"{_GROUP}_max_lag_seconds", "gauge", "Largest time lag of a partition, seconds."
)
SUM_LAG = Family(f"{_GROUP}_sum_lag", "gauge", "Lag over all partitions, records.")
TOPIC_SUM_LAG = Family(f"{_GROUP}_topic_sum_lag", "gauge", "Lag over a topic's partitions.")
MEMBERS = Family("recaug_group_members", "gauge", "Members of the group.")

# Of a group on one topic
VERDICT = Family(
    "recaug_group_verdict", "gauge", "1 for the verdict of `recaug lag` that holds, 0 for others."
)
DRAIN = Family(
    "recaug_group_drain_seconds",
    "gauge",
    "Time until the lag is gone at the present rates: 0 when there is none, +Inf when never.",
)
MARGIN = Family(
    "recaug_group_retention_margin_seconds",
    "gauge",
    "Time until the oldest unread record is deleted by retention; absent where none is unread.",
)

# Of a partition
LATEST = Family("kafka_partition_latest_offset", "gauge", "Offset the next record will get.")
EARLIEST = Family("kafka_partition_earliest_offset", "gauge", "Offset of the oldest record kept.")

# Of what was read
RECORDS = Family("recaug_records_total", "counter", "Records written, seen by their offsets.")
DEAD_LETTERS = Family("recaug_dead_letters_total", "counter", "Records refused, by reason.")
ANSWERS = Family(
    "recaug_recommendations_total",
    "counter",
    "Lists looked at, by what they fell back to; `none` is a list of the model's.",
)
FRESHNESS = Family(
    "recaug_event_to_recommendation_seconds",
    "histogram",
    "From an event's append to its list's, by the broker's clock.",
)

# Of models
MODEL = Family("recaug_model_info", "gauge", "1, labelled with the version promoted last.")
PROMOTED = Family(
    "recaug_model_promoted_timestamp_seconds", "gauge", "When it was promoted, Unix time."
)
TRAINED = Family(
    "recaug_model_trained_timestamp_seconds", "gauge", "When a training was last announced."
)
ATTEMPTS = Family("recaug_model_attempts_total", "counter", "Trainings announced, by outcome.")
GATE = Family("recaug_model_gate_ndcg", "gauge", "NDCG@10 at the gate of the newest training.")

FAMILIES = tuple(found for found in dict(globals()).values() if isinstance(found, Family))
