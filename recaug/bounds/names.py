"""The names of all limits: a closed list, so a metric labelled with them cannot grow."""

from __future__ import annotations

from enum import StrEnum


class Bound(StrEnum):
    """Every limited queue, cache, list, string, window and file."""

    __hash__ = str.__hash__  # Enum's own is written in Python, and `hit` looks up one each time

    # what a record may be
    MESSAGE = "message"
    VALUE = "value"
    KEY = "key"
    HEADERS = "headers"
    HEADER_COUNT = "header_count"
    DEPTH = "depth"
    ID = "id"
    TEXT = "text"
    LINES = "lines"
    ATTENTION = "attention"
    FUTURE = "future"
    DEAD_LETTER = "dead_letter"
    REFUSALS = "refusals"
    # what a sender may do
    USER_RATE = "user_rate"
    USER_ITEM_RATE = "user_item_rate"
    ITEM_RATE = "item_rate"
    BOT = "bot"
    WATCHED = "watched"
    # what is remembered, so that nothing has its effect twice
    RESENDS = "resends"
    ID_WINDOW = "id_window"
    SOURCE_WINDOW = "source_window"
    ERASURES = "erasures"
    UNWILLING = "unwilling"
    # what is known of users and items
    HISTORY = "history"
    HIDDEN = "hidden"
    HISTORY_ID = "history_id"
    MEMORY_USERS = "memory_users"
    REDIS_MEMORY = "redis_memory"
    ITEM_TABLE = "item_table"
    TEXT_VECTORS = "text_vectors"
    CATALOGUE = "catalogue"
    CATALOGUE_HIDDEN = "catalogue_hidden"
    POPULARITY = "popularity"
    CONTRIBUTIONS = "contributions"
    KNN_SESSIONS = "knn_sessions"
    KNN_LENGTH = "knn_length"
    KNN_PER_ITEM = "knn_per_item"
    KNN_ITEMS = "knn_items"
    JUDGED_USERS = "judged_users"
    JUDGED_VERSIONS = "judged_versions"
    QUALITY_VERSIONS = "quality_versions"
    QUALITY_SUMS = "quality_sums"
    # what is searched for
    QUERY = "query"
    QUERIES_ENCODED = "queries_encoded"
    QUERY_VECTORS = "query_vectors"
    # what waits
    IN_FLIGHT = "in_flight"
    POLL = "poll"
    EGRESS = "egress"
    CHANGES = "changes"
    # what is learned from, and what it leaves
    TRAINING_EVENTS = "training_events"
    TRAINING_AGE = "training_age"
    ENCODED_ITEMS = "encoded_items"
    WORDINGS = "wordings"
    CHECKPOINTS = "checkpoints"
    JOBS = "jobs"
    BUNDLES = "bundles"
    # files and the log
    LOG_FILE = "log_file"
    RETENTION = "retention"
    # the page
    PAGE_BODY = "page_body"
    PAGE_RATE = "page_rate"
    PAGE_STREAMS = "page_streams"
    PAGE_BEHIND = "page_behind"
    PAGE_TRACES = "page_traces"
    PAGE_ITEMS = "page_items"
    METRIC_VERSIONS = "metric_versions"
    PAGE_LISTS = "page_lists"
    PAGE_DEEDS = "page_deeds"
    PAGE_MAILBOX = "page_mailbox"
