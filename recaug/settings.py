"""Every setting, typed and defaulted, read once from the environment (`RECAUG_*`).

Command-line options override these; `recaug up` hands its choices to the services through the same
variables, so one machine, docker-compose and Kubernetes are configured alike.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from recaug.errors import Failure
from recaug.security import (
    NO_SECRET,
    Broker,
    RedisServer,
    Security,
    broker,
    redis_server,
    split_password,
)
from recaug.topics import Topics

#: Each its own process and consumer group, in the order of the data's way.
SERVICES = ("clean", "learn", "recommend")

#: Events answered with a recommendation unless `RECAUG_ANSWER` says otherwise.
ANSWERED = (
    "click",
    "view",
    "add_to_cart",
    "purchase",
    "search",
    "follow",
    "share",
    "like",
    "comment",
)


class Settings(BaseSettings):
    """What the services and the command need to know; frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix="RECAUG_",
        env_ignore_empty=True,  # what docker-compose passes through is empty where nobody set it
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    env: Literal["development", "production"] = Field(
        "development", description="production: no connection is made that is not encrypted."
    )
    kafka: str = Field("127.0.0.1:9092", description="Bootstrap servers, comma-separated.")
    kafka_security: Security = Field(
        "plaintext", description="plaintext, ssl, or sasl_ssl: SCRAM-SHA-512 over TLS."
    )
    kafka_username: str = Field("", description="Who this process is to Kafka.")
    kafka_password: SecretStr = NO_SECRET
    kafka_password_file: Path | None = Field(None, description="File that holds the password.")
    kafka_ca: Path | None = Field(
        None, description="PEM file of the CAs to trust for Kafka; default: the system's."
    )
    redis: str = Field(
        "", description="redis://, rediss:// or unix:// URL of user state; empty: in memory."
    )
    redis_password: SecretStr = NO_SECRET
    redis_password_file: Path | None = Field(None, description="File that holds the password.")
    redis_ca: Path | None = Field(
        None, description="PEM file of the CAs to trust for Redis; default: the system's."
    )
    prefix: str = Field("", description="Put before every topic and consumer group name.")
    partitions: int = Field(4, ge=1, description="Partitions of every topic keyed by user.")
    replication: int = Field(1, ge=1, description="Replicas of every topic.")
    data_dir: Path = Field(Path(".recaug"), description="Where a local instance keeps its files.")
    cache_dir: Path = Field(
        Path("~/.cache/recaug"),
        description="Text encoders, the local broker's jars: can be had again.",
    )
    registry_dir: Path | None = Field(None, description="Model bundles; default DATA_DIR/registry.")
    signing_key: Path | None = Field(
        None, description="Key that signs models; default DATA_DIR/keys/signing.key, made by learn."
    )
    trusted_keys: Path | None = Field(
        None, description="Public keys whose models are served; default DATA_DIR/keys/signing.pub."
    )
    model: str = Field("main", description="Name of the model in registry and topic.")
    worker: str = Field("", description="Stable name of this worker; a restart keeps its work.")
    log_level: str = "info"
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="Of a service's log; auto: json unless a person watches."
    )
    metrics_listen: str = Field(
        "", description="HOST:PORT of a service's own /metrics and /readyz; port 0: any. Empty: no."
    )
    traces: str = Field(
        "", description="Where spans go: an OTLP/HTTP address, or console. Empty: there are none."
    )
    traces_share: float = Field(
        0.01, ge=0, le=1, description="Of events whose sender did not decide: how many are traced."
    )

    # clean: generous, so that no honest data set trips them.
    max_bytes: int = Field(65_536, ge=256, description="Largest event accepted, bytes.")
    max_future_s: float = Field(300.0, ge=0, description="Event time may lead the clock by this.")
    resend_window: int = Field(200_000, ge=1, description="Event ids remembered per partition.")
    flood_window_s: float = Field(10.0, gt=0, description="Window of the flood and bot limits.")
    user_limit: int = Field(5_000, ge=1, description="Events of one user per flood window.")
    user_item_limit: int = Field(1_000, ge=1, description="Events of one user on one item, same.")
    item_limit: int = Field(100_000, ge=1, description="Events on one item, same.")
    bot_events: int = Field(200, ge=10, description="Metronome-regular events that make a bot.")

    # recommend
    answer: tuple[str, ...] = Field(ANSWERED, description="Events that get a recommendation.")
    list_size: int = Field(10, ge=1, le=100, description="Items in a recommendation.")
    list_ttl_s: float = Field(1_800.0, gt=0, description="How long a recommendation is fresh.")
    coalesce: Literal["behind", "never", "always"] = Field(
        "behind", description="Whether one answer may stand for older events of its user."
    )
    coalesce_behind_s: float = Field(2.0, ge=0, description="Behind: events older than this.")
    history: int = Field(50, ge=1, le=1_000, description="Newest events kept per user.")
    item_capacity: int = Field(1_000_000, ge=16, description="Items known at once, most.")
    popularity_half_life_s: float = Field(86_400.0, gt=0, description="Decay of popularity.")
    score_threads: int = Field(1, ge=1, description="ONNX Runtime threads of one worker.")
    provider: Literal["auto", "cuda", "cpu"] = Field("auto", description="ONNX Runtime provider.")
    precision: Literal["auto", "fp32", "fp16", "int8"] = Field(
        "auto", description="Of the search for candidates: int8 on a CPU only, fp16 on a GPU only."
    )

    # learn
    buffer_events: int = Field(500_000, ge=100, description="Events kept for training, most.")
    buffer_age_s: float = Field(30 * 86_400.0, gt=0, description="Oldest event kept, seconds.")
    train_first_events: int = Field(5_000, ge=1, description="Events before the first model.")
    train_every_events: int = Field(10_000, ge=1, description="Fine-tune after so many events,")
    train_every_s: float = Field(60.0, gt=0, description="or after this long,")
    train_min_events: int = Field(2_000, ge=1, description="but never on fewer new ones.")
    train_audit_every: int = Field(
        50, ge=2, description="One fine-tune in so many begins from nothing."
    )
    train_budget_s: float = Field(15.0, gt=0, description="Seconds one fine-tune may take.")
    train_threads: int = Field(1, ge=1, description="CPU threads of a fine-tune.")
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N for training.")
    encoder: str = Field(
        "", description="Text encoder: a Hugging Face name or path; empty: MiniLM."
    )
    seed: int = 0

    def __init__(self, **given: Any) -> None:
        """Raises Failure where the environment or a caller gives what no setting may be."""
        try:
            super().__init__(**given)
        except ValidationError as wrong:
            raise _unusable(wrong) from None

    @model_validator(mode="before")
    @classmethod
    def _no_password_in_an_address(cls, values: dict[str, Any]) -> dict[str, Any]:
        # Addresses are shown, logged and written to run.json.
        url, password = split_password(str(values.get("redis") or ""))
        if password.get_secret_value():
            return {**values, "redis": url, "redis_password": password}
        return values

    @property
    def broker(self) -> Broker:
        """The Kafka that is meant and how to talk to it.

        :raises Failure: it may not or cannot be talked to as configured.
        """
        return broker(self)

    @property
    def redis_server(self) -> RedisServer:
        """The Redis that is meant and how to talk to it.

        :raises Failure: it may not or cannot be talked to as configured.
        """
        return redis_server(self)

    @cached_property
    def topics(self) -> Topics:
        return Topics(self.prefix)

    @property
    def cache(self) -> Path:
        """Where what can be had again is kept for everybody's instances; it may be missing."""
        return self.cache_dir.expanduser().absolute()

    @property
    def encoder_dir(self) -> Path:
        """Where the chosen text encoder is, once it has been exported."""
        name = sha256(self.encoder.encode()).hexdigest()[:16]
        return self.cache / "encoders" / name

    @property
    def registry(self) -> Path:
        return self.registry_dir or self.data_dir / "registry"

    def group(self, service: str) -> str:
        """Consumer group of a service, e.g. `recaug-clean`."""
        return f"{self.prefix}recaug-{service}"


def _unusable(wrong: ValidationError) -> Failure:
    """Which variable, and what it may be; never the value, which may be a secret."""
    found = wrong.errors(include_url=False, include_input=False, include_context=False)
    names = ["_".join(("RECAUG", *map(str, error["loc"]))).upper() for error in found]
    told = [f"{name}: {error['msg']}" for name, error in zip(names, found, strict=True)]
    return Failure("a setting cannot be used", "; ".join(told), f"mend or unset {', '.join(names)}")
