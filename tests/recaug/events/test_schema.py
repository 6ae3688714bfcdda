"""The files in the tree say what the models say, and are what they claim to be."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from recaug.cli.schema import app
from recaug.errors import Failure
from recaug.events.kinds import EVENT_NAMES
from recaug.events.schema import MESSAGES, event_schema, export, files, json_schema, stale
from recaug.topics import Topics
from tests.recaug.events.examples import EXAMPLES, click

ROOT = Path(__file__).parents[3]


def test_the_files_in_the_tree_are_up_to_date() -> None:
    assert stale(ROOT) == [], "run: recaug schema export"


@pytest.mark.parametrize("name", MESSAGES)
def test_each_schema_is_2020_12_and_holds_for_its_example(name: str) -> None:
    schema = json_schema(MESSAGES[name])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(EXAMPLES[name])


@pytest.mark.parametrize("changes", [{"user_id": None}, {"item_id": "a..b"}, {"event": "clik"}])
def test_the_schema_refuses_what_recaug_refuses(changes: dict[str, str | None]) -> None:
    body = json.loads(click(**changes))
    for schema in (json_schema(MESSAGES["click"]), event_schema()):
        assert not jsonschema.Draft202012Validator(schema).is_valid(body)


def test_every_field_is_described_and_says_what_its_absence_means() -> None:
    for name, model in MESSAGES.items():
        for field, info in model.model_fields.items():
            assert info.description, f"{name}.{field}"
            if name != "recommendation" and not info.is_required() and field != "event":
                assert " Missing: " in info.description, f"{name}.{field}"


def test_asyncapi_names_every_topic_and_all_its_references_lead_somewhere() -> None:
    text = (ROOT / "asyncapi.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert document["asyncapi"] == "3.1.0"
    topics = Topics()
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert {topic.name for topic in topics.inputs} < addresses
    assert {topics.recommendations.name, topics.dead_letters.name} < addresses
    assert list(document["channels"]["recaug-events"]["messages"]) == list(EVENT_NAMES)
    for reference in _references(document):
        if reference.startswith("#/"):
            node = document
            for part in reference[2:].split("/"):
                node = node[part]
        else:
            assert (ROOT / reference).is_file()


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for inner in node.values() for found in _references(inner)]
    if isinstance(node, list):
        return [found for inner in node for found in _references(inner)]
    return []


def test_export_writes_all_files_and_removes_those_that_are_no_more(tmp_path: Path) -> None:
    gone = tmp_path / "schemas/v1/gone.json"
    gone.parent.mkdir(parents=True)
    gone.write_text("{}")
    assert gone in stale(tmp_path)
    paths = export(tmp_path)
    assert not gone.exists()
    assert stale(tmp_path) == []
    paths[0].write_text("{}")
    assert stale(tmp_path) == [paths[0]]


def test_the_export_command_prints_paths_and_check_fails_on_a_stale_tree(tmp_path: Path) -> None:
    run = CliRunner()
    told = run.invoke(app, ["export", "--check", "--out", str(tmp_path)])
    assert isinstance(told.exception, Failure)
    assert f"recaug schema export --out {tmp_path}" in told.exception.mend
    written = run.invoke(app, ["export", "--out", str(tmp_path)])
    assert len(written.stdout.splitlines()) == len(files())
    assert run.invoke(app, ["export", "--check", "--out", str(tmp_path)]).exit_code == 0


def test_the_validate_command_names_each_bad_line(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(click() + b"\n" + click(item_id=None) + b"\r\n")
    told = CliRunner().invoke(app, ["validate", str(file)])
    assert told.exit_code == 1
    assert told.stdout.startswith(f"{file}:2 missing_field: item_id is missing")
    assert "2 lines, 1 would be refused" in told.stderr


def test_the_validate_command_reads_documents_from_standard_input() -> None:
    text = json.dumps(EXAMPLES["item"]).encode()
    told = CliRunner().invoke(app, ["validate", "-", "--as", "items"], input=text)
    assert (told.exit_code, told.stdout) == (0, "")


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["validate", str(tmp_path / "none.jsonl")])
    assert isinstance(told.exception, Failure)
    assert "none.jsonl" in told.exception.what
