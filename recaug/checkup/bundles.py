"""Whether the model bundles on this machine are whole, signed, and the one that is served there."""

from __future__ import annotations

from collections.abc import Iterator

from recaug.checkup.finding import Finding, Level
from recaug.errors import Failure
from recaug.settings import Settings


def models(settings: Settings) -> Iterator[Finding]:
    """Whether every bundle on disk is signed and what its manifest says."""
    from recaug.registry import CorruptBundle, Registry
    from recaug.signing import Keys

    registry = Registry(settings.registry, Keys.of(settings))
    try:
        champion = registry.champion(settings.model)
    except Failure as error:
        yield Finding(Level.FAIL, "models", f"{error.what}: {error.why}", error.mend)
        return
    found = registry.versions(settings.model)
    good = 0
    for one in found:
        try:
            registry.open(settings.model, one)
            good += 1
        except CorruptBundle as error:
            level = Level.FAIL if one == champion else Level.WARN
            yield Finding(level, "models", f"{error.what}: {error.why}", error.mend)
    if champion is None:
        words = f"no model yet in {settings.registry}; popularity answers"
        yield Finding(Level.OK, "models", words)
    elif champion not in found:
        words = f"the alias names {champion}, which is not on disk"
        yield Finding(Level.FAIL, "models", words, "recaug model rollback")
    else:
        words = f"{good} of {len(found)} bundles whole, serving {champion}"
        yield Finding(Level.OK, "models", words)
