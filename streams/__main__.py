"""`python -m streams clean|learn|recommend`: run one service, configured by `RECAUG_*`.

`python -m streams topics` makes the topics and ends: for an administrator, where services may not.
"""

from __future__ import annotations

import importlib
import logging.config
import sys

from recaug.errors import Failure
from recaug.kafka import ensure_topics
from recaug.settings import SERVICES, Settings
from streams import logs

TOPICS = "topics"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in (*SERVICES, TOPICS):
        sys.stderr.write(f"usage: python -m streams {'|'.join((*SERVICES, TOPICS))}\n")
        return 64
    try:
        if arguments == [TOPICS]:
            ensure_topics(Settings())
            return 0
        settings = Settings()
        # Faust does so again, later than the first thing there is to say.
        logging.config.dictConfig(logs.config(settings, arguments[0]))
        importlib.import_module(f"streams.{arguments[0]}").main(settings)
    except Failure as failure:
        sys.stderr.write(failure.explain())
        return failure.code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
