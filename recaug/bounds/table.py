"""What each limit is: where, how large, and what happens at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recaug.bounds.names import Bound


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit.

    where    `module:NAME` of the constant, or `RECAUG_NAME` of the setting, that holds it
    default  its value there, or words where it is several
    then     what happens at it
    loses    something is lost that somebody may miss: the first time is worth a line in the log
    """

    where: str
    default: float | str
    unit: str
    then: str
    loses: bool = False


_KAFKA = "the broker refuses it, and the producer says so; nothing is sent"
_FIELDS, _PAGE = "recaug.events.fields", "recaug.page"

LIMITS: Mapping[Bound, Limit] = {
    Bound.MESSAGE: Limit("recaug.topics:INPUT_BYTES", 1_048_576, "bytes", _KAFKA),
    Bound.VALUE: Limit("RECAUG_MAX_BYTES", 65_536, "bytes", "refused: `too_large`"),
    Bound.KEY: Limit("recaug.events.parse:KEY_BYTES", 512, "bytes", "refused: `bad_id`"),
    Bound.HEADERS: Limit(
        "recaug.events.cloudevents:MAX_HEADER_BYTES", 8_192, "bytes", "refused: `headers_too_large`"
    ),
    Bound.HEADER_COUNT: Limit(
        "recaug.events.cloudevents:MAX_HEADERS", 256, "headers", "refused: `headers_too_large`"
    ),
    Bound.DEPTH: Limit(
        "recaug.events.decode:MAX_DEPTH", 16, "levels", "refused: `too_deep`; 8 in a free object"
    ),
    Bound.ID: Limit(f"{_FIELDS}:ID_LENGTH", 128, "characters", "refused: `bad_id`"),
    Bound.TEXT: Limit(_FIELDS, "64 to 4,000, by field", "characters", "cut there"),
    Bound.LINES: Limit(
        f"{_FIELDS}:MAX_LINES", 200, "entries", "refused: `too_many`; 32 of labels in a document"
    ),
    Bound.ATTENTION: Limit(
        f"{_FIELDS}:ATTENTION_MS", 3_600_000, "ms", "counts as that much: a tab left open"
    ),
    Bound.FUTURE: Limit("RECAUG_MAX_FUTURE_S", 300.0, "s", "refused: `time_in_future`"),
    Bound.DEAD_LETTER: Limit(
        "recaug.events.deadletter:MAX_BYTES",
        1_048_576,
        "bytes",
        "a longer record is kept as its first 4 KiB, with its length and hash in a header",
    ),
    Bound.REFUSALS: Limit(
        "recaug.events.deadletter:MAX_REFUSALS", 3, "times", "refused unread from then on: `parked`"
    ),
    Bound.USER_RATE: Limit(
        "RECAUG_USER_LIMIT", 5_000, "events in 10 s", "refused: `user_flood`", loses=True
    ),
    Bound.USER_ITEM_RATE: Limit(
        "RECAUG_USER_ITEM_LIMIT", 1_000, "events in 10 s", "refused: `user_item_flood`", loses=True
    ),
    Bound.ITEM_RATE: Limit(
        "RECAUG_ITEM_LIMIT", 100_000, "events in 10 s", "refused: `item_flood`", loses=True
    ),
    Bound.BOT: Limit("RECAUG_BOT_EVENTS", 200, "events", "refused: `bot`", loses=True),
    Bound.WATCHED: Limit(
        "recaug.clean.limits:WATCHED",
        100_000,
        "senders, items or pairs a table",
        "the older half of that table is forgotten: their counts begin anew",
    ),
    Bound.RESENDS: Limit(
        "RECAUG_RESEND_WINDOW",
        200_000,
        "event ids a partition of clean",
        "the oldest is forgotten; a resend as late as that is caught further on",
    ),
    Bound.ID_WINDOW: Limit(
        "RECAUG_RESEND_WINDOW",
        200_000,
        "event ids a partition of each reader",
        "the oldest is forgotten: a resend as late as that is a new event",
    ),
    Bound.SOURCE_WINDOW: Limit(
        "recaug.windows:OFFSETS",
        65_536,
        "offsets an input partition",
        "an older offset counts as seen; the stored position is beyond it",
    ),
    Bound.ERASURES: Limit(
        "recaug.erase:MOST",
        100_000,
        "erased users",
        "the one erased longest ago is forgotten: what is replayed of them counts again",
        loses=True,
    ),
    Bound.UNWILLING: Limit(
        "recaug.consent:MOST",
        1_000_000,
        "users learn must not learn from",
        "the one who refused longest ago is forgotten: what they do next is trained on",
        loses=True,
    ),
    Bound.HISTORY: Limit("RECAUG_HISTORY", 50, "events a user", "the oldest is forgotten"),
    Bound.HIDDEN: Limit("recaug.history:HIDDEN", 64, "dislikes a user", "the oldest is forgotten"),
    Bound.HISTORY_ID: Limit(
        "recaug.history:ID_CHARS", 255, "characters", "an item of a longer id is passed over"
    ),
    Bound.MEMORY_USERS: Limit(
        "recaug.state.memory:CAPACITY",
        200_000,
        "users a partition, without Redis",
        "the user who changed longest ago is forgotten",
        loses=True,
    ),
    Bound.REDIS_MEMORY: Limit(
        "recaug.local.redis:MAXMEMORY",
        "4gb",
        "of the Redis `recaug up` starts",
        "it refuses writes; lists go out without personal history until there is room",
    ),
    Bound.ITEM_TABLE: Limit(
        "RECAUG_ITEM_CAPACITY",
        1_000_000,
        "items a model",
        "a new item gets no row: the model does not recommend it, popularity still does",
        loses=True,
    ),
    Bound.TEXT_VECTORS: Limit(
        "RECAUG_ITEM_CAPACITY",
        1_000_000,
        "text vectors of recommend",
        "the vector of a new item is passed over",
        loses=True,
    ),
    Bound.CATALOGUE: Limit(
        "RECAUG_ITEM_CAPACITY",
        1_000_000,
        "items with a document",
        "a new item counts as one without a document",
        loses=True,
    ),
    Bound.CATALOGUE_HIDDEN: Limit(
        "RECAUG_ITEM_CAPACITY",
        1_000_000,
        "hidden or deleted items",
        "the one hidden longest ago counts as one without a document",
        loses=True,
    ),
    Bound.POPULARITY: Limit(
        "recaug.popularity:CAPACITY",
        200_000,
        "items counted",
        "the least popular eighth is forgotten",
    ),
    Bound.CONTRIBUTIONS: Limit(
        "recaug.contributions:MOST",
        200_000,
        "events whose user is known to popularity",
        "the oldest cannot be taken back by an erasure: they stay counted until they decay",
    ),
    Bound.KNN_SESSIONS: Limit(
        "recaug.session_index:SESSIONS",
        1_000_000,
        "sessions of the session kNN",
        "the one that began first is forgotten",
    ),
    Bound.KNN_LENGTH: Limit(
        "recaug.session_index:LENGTH", 50, "items a session of it", "the oldest is forgotten"
    ),
    Bound.KNN_PER_ITEM: Limit(
        "recaug.session_index:PER_ITEM",
        1_000,
        "sessions listed under an item",
        "the oldest is no longer found by this item, by others it is",
    ),
    Bound.KNN_ITEMS: Limit(
        "recaug.session_index:ITEMS",
        1_000_000,
        "items in its sessions",
        "a click on a new item is passed over until an old one has left with its sessions",
        loses=True,
    ),
    Bound.JUDGED_USERS: Limit(
        "recaug.prequential.judge:USERS",
        100_000,
        "users whose last list is kept",
        "the one served longest ago is forgotten: what that user does next is no target",
    ),
    Bound.JUDGED_VERSIONS: Limit(
        "recaug.prequential.judge:VERSIONS",
        8,
        "versions judged at once",
        "a target of another one is not counted",
    ),
    Bound.QUALITY_VERSIONS: Limit(
        "recaug.quality:VERSIONS",
        16,
        "versions",
        "the first one's sums are forgotten",
    ),
    Bound.QUALITY_SUMS: Limit(
        "recaug.quality:SUMS", 512, "sums of a version", "the oldest is forgotten"
    ),
    Bound.QUERY: Limit(
        "recaug.searched:CHARS", 64, "characters of a search", "what comes after is not read"
    ),
    Bound.QUERIES_ENCODED: Limit(
        "recaug.searched:AT_ONCE",
        320,
        "characters of new queries a batch of recommend",
        "a search beyond is answered as a click is, its words unread",
        loses=True,
    ),
    Bound.QUERY_VECTORS: Limit(
        "recaug.searched:KEPT",
        10_000,
        "queries of recommend",
        "the one asked longest ago is forgotten, and encoded again when it is asked",
    ),
    Bound.IN_FLIGHT: Limit(
        "recaug.producer:IN_FLIGHT", 20_000, "messages of a producer", "`send` waits for them"
    ),
    Bound.POLL: Limit(
        "streams.app:MAX_POLL_RECORDS", 5_000, "records a batch", "the rest is the next batch"
    ),
    Bound.EGRESS: Limit(
        "streams.egress:QUEUED", 200_000, "records not yet stored", "the batch waits for room"
    ),
    Bound.CHANGES: Limit(
        "recaug.serial:PENDING",
        10_000,
        "changes that wait for the model",
        "whoever brings more waits: following the topics is slowed down",
    ),
    Bound.TRAINING_EVENTS: Limit(
        "RECAUG_BUFFER_EVENTS", 500_000, "events trained on", "the oldest are forgotten"
    ),
    Bound.TRAINING_AGE: Limit(
        "RECAUG_BUFFER_AGE_S", 2_592_000.0, "s", "older events are not trained on"
    ),
    Bound.ENCODED_ITEMS: Limit(
        "RECAUG_ITEM_CAPACITY",
        1_000_000,
        "items encoded by learn",
        "the text of a new item is not encoded: it waits for users to act on it",
        loses=True,
    ),
    Bound.WORDINGS: Limit(
        "recaug.augment.wordbook:MOST",
        200_000,
        "wordings of item texts",
        "the one used longest ago is forgotten, and made again when it is wanted",
    ),
    Bound.CHECKPOINTS: Limit("recaug.checkpoint:KEPT", 2, "checkpoints", "older ones are deleted"),
    Bound.JOBS: Limit("streams.trainer:KEPT", 3, "training jobs", "older ones are deleted"),
    Bound.BUNDLES: Limit(
        "recaug.registry:KEPT",
        10,
        "bundles a model",
        "older ones are deleted, but for the champion and its parent",
    ),
    Bound.LOG_FILE: Limit(
        "recaug.local.logs:MAX_BYTES",
        33_554_432,
        "bytes a log of `recaug up`",
        "set aside as `NAME.log.1`, in place of the one before",
    ),
    Bound.RETENTION: Limit(
        "recaug.topics",
        "1 to 30, by topic",
        "days in Kafka",
        "older records are deleted, read or not; unread ones are counted here and logged",
        loses=True,
    ),
    Bound.PAGE_BODY: Limit(f"{_PAGE}.server:MAX_BODY", 4_096, "bytes", "answered with 413"),
    Bound.PAGE_RATE: Limit(
        f"{_PAGE}.guard:REQUESTS, EVENTS",
        100,
        "requests a second and client, of which 20 events",
        "answered with 429, and when to come again",
    ),
    Bound.PAGE_STREAMS: Limit(
        f"{_PAGE}.guard:STREAMS", 256, "windows open at once, 32 a client", "answered with 429"
    ),
    Bound.PAGE_BEHIND: Limit(
        f"{_PAGE}.feed:FAR_BEHIND",
        2_000,
        "records a partition",
        "the page jumps to the newest, and counts what it jumped over",
    ),
    Bound.PAGE_TRACES: Limit(
        f"{_PAGE}.trace:CAPACITY", 50_000, "events under way", "the oldest is not measured"
    ),
    Bound.PAGE_ITEMS: Limit(
        f"{_PAGE}.shop:KNOWN", 50_000, "items", "a new one is shown by its id, without a title"
    ),
    Bound.METRIC_VERSIONS: Limit(
        "recaug.prequential.totals:VERSIONS",
        8,
        "versions in `/metrics`",
        "the one heard of longest ago is left out",
    ),
    Bound.PAGE_LISTS: Limit(
        f"{_PAGE}.live:LISTS", 1_000, "lists of the page's users", "the oldest is forgotten"
    ),
    Bound.PAGE_DEEDS: Limit(
        f"{_PAGE}.deeds:USERS", 1_000, "users whose deeds give reasons", "the quietest is forgotten"
    ),
    Bound.PAGE_MAILBOX: Limit(
        f"{_PAGE}.board:MAILBOX", 64, "lists an open window", "it misses some, and gets the next"
    ),
}
