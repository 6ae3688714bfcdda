"""The log of a service: one line an event that matters, with what it is about in fields of its own.

    log = logger(__name__)
    log.info("serving model %s", version, model=version)

gives {"event": "serving model …", "model": "…", …} with level, logger, service, worker and time
where a program reads, and a line of text where a person does. What libraries say through `logging`
comes out alike. A field is one of `FIELDS`: names and numbers, never an event or a document.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from structlog.stdlib import BoundLogger, ExtraAdder, ProcessorFormatter
from structlog.typing import Processor

from recaug.settings import Settings

#: What a line may be about. No library's `extra` gets in, nor a value that could be anything.
FIELDS = (
    "code", "counts", "error", "model", "offset", "outcome", "partition", "path", "reason",
    "records", "seconds", "topic", "users",
)  # fmt: skip

#: aiokafka at DEBUG costs 12 % of a worker even when nothing is printed; Faust tells at INFO of
#: every timer that a busy machine let wait.
QUIET = ("aiokafka", "faust", "kafka", "mode", "opentelemetry", "urllib3")

Event = MutableMapping[str, Any]

# Through `logging`, so that there is one way out, and one place where a level is decided.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.render_to_log_kwargs,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=BoundLogger,
    cache_logger_on_first_use=True,
)


def logger(name: str) -> BoundLogger:
    """The logger of a module; its methods take fields by name."""
    made: BoundLogger = structlog.stdlib.get_logger(name)
    return made


def config(settings: Settings, service: str, *, is_terminal: bool | None = None) -> dict[str, Any]:
    """For `logging.config.dictConfig`: everything to standard error, in the form that is asked for.

    :param is_terminal: whether a person watches; default: whether standard error is a terminal.
    """
    if is_terminal is None:
        is_terminal = sys.stderr.isatty()
    form = settings.log_format
    if form == "auto":
        form = "console" if is_terminal else "json"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "recaug": {
                "()": ProcessorFormatter,
                "foreign_pre_chain": [ExtraAdder(FIELDS), *_shared(settings, service)],
                "processors": [ProcessorFormatter.remove_processors_meta, *_rendered(form)],
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "recaug",
            }
        },
        "loggers": {library: {"level": "WARNING"} for library in QUIET},
        "root": {"level": settings.log_level.upper(), "handlers": ["stderr"]},
    }


def _shared(settings: Settings, service: str) -> list[Processor]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _about(service, settings.worker),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _about(service: str, worker: str) -> Callable[[Any, str, Event], Event]:
    known = {"service": service, **({"worker": worker} if worker else {})}

    def add(_: Any, __: str, event: Event) -> Event:
        event.update(known)
        return event

    return add


def _rendered(form: str) -> list[Processor]:
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)]
