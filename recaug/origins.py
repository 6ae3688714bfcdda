"""Where each setting came from: for `recaug config`, and for whoever wonders why.

origins    every setting with its value and its origin
strangers  variables that look like ours and are none, with what was meant
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from recaug.settings import Settings

PREFIX = "RECAUG_"
MASKED = "********"


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting; a secret's value is masked.

    origin  `environment`, `file`, `instance`, `option` or `default`
    whence  the variable, the file or the directory; empty for a default
    """

    name: str
    value: Any
    origin: str
    whence: str
    about: str

    @property
    def variable(self) -> str:
        """What to set to change it."""
        return f"{PREFIX}{self.name.upper()}"


def origins(
    settings: Settings, options: Mapping[str, Any], instance: Mapping[str, Any]
) -> list[Origin]:
    """Return every setting in the order of `recaug.settings`.

    :param options: what was given on the command line, by name.
    :param instance: what the running instance says of itself, by name.
    """
    given = _environment()
    return [_origin(settings, name, given, options, instance) for name in Settings.model_fields]


def _environment() -> dict[str, str]:
    """The variables that are set and not empty, by the names of settings."""
    return {
        name.upper().removeprefix(PREFIX).lower(): name
        for name, value in os.environ.items()
        if name.upper().startswith(PREFIX) and value
    }


def _origin(
    settings: Settings,
    name: str,
    given: Mapping[str, str],
    options: Mapping[str, Any],
    instance: Mapping[str, Any],
) -> Origin:
    about = Settings.model_fields[name].description or ""
    file = getattr(settings, f"{name}_file", None)
    value = _shown(settings, name)
    if options.get(name) is not None:
        return Origin(name, value, "option", f"--{name.replace('_', '-')}", about)
    if file is not None and name not in given:
        return Origin(name, MASKED, "file", str(file), about)
    if name == "redis_password" and name not in given and value and "redis" in given:
        return Origin(name, value, "environment", given["redis"], about)  # a part of the address
    if name in given:
        return Origin(name, value, "environment", given[name], about)
    if instance.get(name) and instance[name] == value:
        return Origin(name, value, "instance", str(settings.data_dir / "run.json"), about)
    return Origin(name, value, "default", "", about)


def _shown(settings: Settings, name: str) -> Any:
    """As JSON can hold it; what depends on another setting is what it comes to."""
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return MASKED if value.get_secret_value() else ""
    if value is None and name == "registry_dir":
        value = settings.registry
    if value is None and name in ("signing_key", "trusted_keys"):
        file = "signing.key" if name == "signing_key" else "signing.pub"
        value = settings.data_dir / "keys" / file
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def strangers() -> dict[str, str]:
    """Return variables that begin as ours do and are none, each with the likeliest one meant."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    found = {}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1, cutoff=0.8)
            found[name] = near[0] if near else ""
    return found
