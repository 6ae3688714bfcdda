"""What each worker says about itself every few seconds on `recaug.pulses`, and the limits of it.

The broker knows how far a service is behind, not why. A pulse says where the time of a worker went,
so that `recaug lag` can tell whether more workers would help. It travels through Kafka like all
else: whoever reads needs no worker's address.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Seconds between two pulses of a worker.
PULSE_S = 5.0

#: A pulse older than this says nothing about now, seconds.
FRESH_S = 4 * PULSE_S

#: Where the time of a batch goes; a service has those that it does.
Stage = Literal["decode", "state", "retrieve", "score", "produce", "train"]

Seconds = Annotated[float, Field(ge=0)]


class Pulse(BaseModel):
    """One worker over the last `span_s` seconds; keyed `SERVICE/WORKER`.

    `busy_s` is how long a batch was in hand and `stage_s` where that went, both wall time. `cpu_s`
    is what the process got of the processors; `load` the share of all `cores` of the host that
    anybody used, so a worker that is busy with little `cpu_s` on a host under full `load` waits
    for a processor. `fine_tuning` is true while this worker's host trains a model.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "service": "recommend",
                    "worker": "recommend-7",
                    "host": "node-3",
                    "at_ms": 1_764_000_000_000,
                    "span_s": 5.0,
                    "records": 1_480,
                    "batches": 212,
                    "busy_s": 3.9,
                    "stage_s": {
                        "decode": 0.2, "state": 0.6, "retrieve": 1.1, "score": 1.5, "produce": 0.5,
                    },
                    "cpu_s": 3.1,
                    "cores": 8,
                    "load": 0.62,
                    "fine_tuning": False,
                    "partitions": 12,
                    "version": "0193c2a4-3f10",
                }
            ]
        },
    )  # fmt: skip

    service: Literal["clean", "learn", "recommend"]
    worker: str = Field(max_length=128)
    host: str = Field(max_length=255)
    at_ms: int = Field(ge=0)
    span_s: Seconds
    records: int = Field(ge=0)
    batches: int = Field(ge=0)
    busy_s: Seconds
    stage_s: dict[Stage, Seconds]
    cpu_s: Seconds
    cores: int = Field(ge=1)
    load: float = Field(ge=0, le=1)
    fine_tuning: bool = False
    partitions: int = Field(ge=0)
    version: str = Field("", max_length=64, description="Of the model in use; empty: none.")
