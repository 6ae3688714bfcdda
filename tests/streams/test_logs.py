"""The log of a service: the same facts for programs and for people, and nothing that is private."""

from __future__ import annotations

import ast
import io
import json
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recaug.settings import Settings
from streams.logs import FIELDS, config, logger

STREAMS = Path(__file__).parents[2] / "streams"


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What a service with these settings writes; the test run's own logging is put back."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers[:], root.level
    given = Settings(worker="w1", **request.param)
    plan = config(given, "clean", is_terminal=False)
    plan["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(plan)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


as_json = pytest.mark.parametrize("written", [{}, {"log_format": "json"}], indirect=True)


@as_json
def test_a_program_reads_one_object_a_line(written: io.StringIO) -> None:
    logger("streams.x").error("refused model %s: %s", "v1", "no signature", model="v1")
    (line,) = lines(written)
    when = line.pop("timestamp")
    assert when.endswith("Z") and "T" in when
    assert line == {
        "event": "refused model v1: no signature", "model": "v1", "level": "error",
        "logger": "streams.x", "service": "clean", "worker": "w1",
    }  # fmt: skip


@as_json
def test_libraries_come_out_alike_and_bring_nothing_of_their_own(written: io.StringIO) -> None:
    body = {"user_id": "ann"}
    logging.getLogger("recaug.shards").warning("it is %s", "back", extra={"body": body, "code": 70})
    (line,) = lines(written)
    assert (line["event"], line["logger"], line["code"]) == ("it is back", "recaug.shards", 70)
    assert "ann" not in written.getvalue()


@as_json
def test_a_traceback_is_part_of_its_line(written: io.StringIO) -> None:
    try:
        raise ValueError("it broke")
    except ValueError:
        logger("streams.x").critical("batch failed", exc_info=True)
    (line,) = lines(written)
    assert line["event"] == "batch failed"
    assert line["exception"].endswith("ValueError: it broke")


@pytest.mark.parametrize("written", [{"log_format": "console"}], indirect=True)
def test_a_person_reads_a_sentence(written: io.StringIO) -> None:
    logger("streams.x").info("serving model %s", "v1", model="v1")
    (line,) = written.getvalue().splitlines()
    assert "serving model v1" in line and "model=v1" in line
    assert not line.startswith("{")


@pytest.mark.parametrize("written", [{"log_level": "warning"}], indirect=True)
def test_what_is_below_the_level_is_not_said(written: io.StringIO) -> None:
    logger("streams.x").info("so far")
    logging.getLogger("recaug.x").info("so far")
    assert written.getvalue() == ""


def test_every_field_that_is_written_is_one_of_the_list() -> None:
    """One that is not would be left out without a word."""
    named = set()
    for path in STREAMS.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and isinstance(call.func.value, ast.Name)
                and call.func.value.id == "log"
            ):
                named |= {keyword.arg for keyword in call.keywords if keyword.arg}
    assert named - {"exc_info"} <= set(FIELDS)
    assert {"model", "reason", "counts", "code"} <= named
