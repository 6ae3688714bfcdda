"""What the pages on operation say, held to what they speak of."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from recaug.kafka import Record, admin, producer, read
from recaug.local.instance import OURS as OF_AN_INSTANCE
from recaug.settings import Settings
from tests.docs.blocks import blocks
from tests.ops.manifests import K8S, OVERLAYS, ROOT, rendered
from tests.ops.test_k8s_scaling import specs, trigger

DOCS = ROOT / "docs"
CAPACITY = (DOCS / "capacity.md").read_text()
KUBERNETES = (DOCS / "kubernetes.md").read_text()
RESULTS = (ROOT / "bench" / "RESULTS.md").read_text()


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    found = re.search(rf"^## {heading}\n.*?^\|[-|: ]+\|\n(.*?)(?:\n\n|\Z)", text, re.M | re.S)
    assert found is not None, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]


# -- capacity ---------------------------------------------------------------------------------

MEASURED = {(row[2], row[3]): row[1] for row in rows(CAPACITY, "Measured")}


@pytest.mark.parametrize("bench, conditions", MEASURED)
def test_a_figure_is_the_one_that_was_measured(bench: str, conditions: str) -> None:
    asked = set(re.findall(r"\w+=(?:event to model|\S+)", conditions))
    of_those = [row for row in rows(RESULTS, bench) if asked <= _conditions(row[-1])]
    assert of_those, f"bench {bench} has no row with {conditions}"
    told = MEASURED[bench, conditions]
    assert {row[0] for row in of_those} == {told}, "docs/capacity.md and all it works out"


def _conditions(cell: str) -> set[str]:
    return set(re.findall(r"\w+=(?:event to model|item to list|\S+)", cell))


def figure(bench: str, conditions: str) -> float:
    return float(MEASURED[bench, conditions].replace(",", ""))


COSTS = {
    10_000: figure("growth", "grown=base"),
    100_000: figure("growth", "grown=items items=100,000"),
    1_000_000: figure("growth", "grown=items items=1,000,000"),
}


def test_what_a_worker_is_planned_with_follows_from_what_an_event_costs() -> None:
    told = rows(CAPACITY, "Workers")
    assert len(told) == len(COSTS)
    for (items, cost, planned), (known, seconds) in zip(told, COSTS.items(), strict=True):
        assert int(items.replace(",", "")) == known
        assert float(cost.removesuffix(" ms")) == pytest.approx(seconds / 1000, abs=0.005)
        rate = 0.4 / (seconds / 1e6)
        assert float(planned.removesuffix(" events/s").replace(",", "")) == pytest.approx(
            rate, 0.02
        )


def test_the_scaler_is_set_to_what_the_page_plans() -> None:
    queries = {
        name: trigger(spec, "prometheus")["metadata"]["query"] for name, spec in specs().items()
    }
    assert "/ 900," in queries["recaug-recommend"]
    assert "/ 20000," in queries["recaug-clean"]
    # A round figure, a little below what is measured.
    assert 900 <= 0.4 / (COSTS[10_000] / 1e6) <= 1_125
    assert figure("ingest", "best=69,132") / 3 == pytest.approx(20_000, 0.05)


def test_disks_follow_from_how_long_topics_are_kept() -> None:
    topics, day = Settings().topics, 86_400_000
    days = [
        (topic.retention_ms or 0) // day
        for topic in (topics.clickstream, topics.events, topics.recommendations)
    ]
    assert (
        f"({days[0]} days × 300  +  {days[1]} days × 300  +  {days[2]} day × 1,000 bytes)"
        in CAPACITY
    )
    per_day = days[0] * 300 + days[1] * 300 + days[2] * 1_000
    assert f"{86_400 * per_day / 1e9:.2f} GB\n" in CAPACITY
    with_a_week = 7 * 300 + 7 * 300 + 1_000
    assert f"then {86_400 * with_a_week / 1e9:.2f} GB" in CAPACITY


def test_the_example_is_worked_out_right() -> None:
    cost = 0.47 + (COSTS[1_000_000] - COSTS[100_000]) / 1000 / 9
    assert round(cost, 2) == 0.54
    rate = round(0.4 / (0.54 / 1000))
    assert rate == 741 and "741 events/s" in CAPACITY
    assert 4 < 4_000 / rate <= 8 and 2 < 1_500 / rate <= 4
    users = 3_000_000 * figure("state", "store=redis users=100,000")
    assert f"{users / 1e9:.2f} GB" in CAPACITY
    ids = 16 * 16 * Settings().resend_window
    assert round(ids / 1e6) == 51
    assert round(1.5 * (users + ids) / 1e9, 1) == 2.3


# -- kubernetes -------------------------------------------------------------------------------


def test_the_page_tells_every_overlay_and_no_other() -> None:
    told = re.findall(r"^\| `([\w-]+)` \|", KUBERNETES.partition("## Install")[0], re.M)
    assert sorted(told) == sorted(OVERLAYS)


def test_the_page_names_every_secret_that_a_pod_mounts() -> None:
    (table,) = re.findall(r"^## Secrets and maps\n(.*?)^For a Kafka", KUBERNETES, re.M | re.S)
    told = set(re.findall(r"`(recaug-[\w-]+)`", table))
    told |= {f"recaug{end}" for end in re.findall(r"`(-\w+)`", table)}
    asked = set[str]()
    for overlay in OVERLAYS:
        for one in rendered(overlay):
            asked |= set(re.findall(r"secretName': '([\w-]+)'", str(one)))
    assert asked <= told


def test_what_is_typed_for_kubectl_names_what_there_is() -> None:
    there = {(one["kind"].lower(), one["metadata"]["name"]) for one in rendered("whole")}
    for page in (
        DOCS / "kubernetes.md",
        DOCS / "how-to" / "restore.md",
        DOCS / "how-to" / "gpu.md",
    ):
        text = page.read_text()
        for kind, name in re.findall(r"\b(statefulset|service|kafka|deploy)/(recaug[\w-]*)", text):
            assert (kind.replace("deploy", "deployment"), name) in there
        for path in re.findall(r"\b(ops/k8s/[\w./-]+)", text):
            assert (ROOT / path.rstrip(".")).exists(), path


def test_images_are_tagged_as_an_overlay_asks() -> None:
    (block,) = [block for block in blocks(DOCS / "kubernetes.md") if block.language == "yaml"]
    own = {one["name"] for one in yaml.safe_load(block.text)["images"]}
    whole = yaml.safe_load((K8S / "overlays" / "whole" / "kustomization.yaml").read_text())
    assert own == {one["name"] for one in whole["images"]}


# -- back up ----------------------------------------------------------------------------------


def test_a_copy_of_an_instance_has_all_that_it_keeps() -> None:
    text = (DOCS / "how-to" / "restore.md").read_text()
    found = re.search(r"--directory \.recaug ([\w ]+)$", text, re.M)
    assert found is not None
    copied = set(found[1].split())
    assert copied <= OF_AN_INSTANCE
    assert {"keys", "registry", "redis", "kafka", "learn", "recommend"} == copied


@pytest.mark.skipif(shutil.which("kcat") is None, reason="no kcat: apt-get install kcat")
def test_documents_are_copied_and_put_back_as_the_page_says(
    settings: Settings, tmp_path: Path
) -> None:
    out, back = settings.topics.items.name, f"{settings.prefix}again"
    with admin(settings.broker) as client:
        client.create_topics([out, back])
    sent = [(b"sku-1", b'{"item_id": "sku-1", "name": "caf\xc3\xa9 \\t 1"}'), (b"sku-2", None)]
    with producer(settings.broker) as sender:
        for key, value in sent:
            sender.send(out, key=key, value=value)
    copy, restore = _kcat("kcat -C"), _kcat("kcat -P")
    _type(copy.replace("-t items", f"-t {out}"), settings, tmp_path)
    _type(restore.replace("-t items", f"-t {back}"), settings, tmp_path)
    found: list[Record] = list(read(settings.broker, [back]))
    assert len(found) == len(sent)
    assert {one.key: one.value for one in found} == dict(sent)


def _kcat(begins: str) -> str:
    page = blocks(DOCS / "how-to" / "restore.md")
    lines = [line for block in page for line in block.typed.splitlines()]
    (found,) = [line for line in lines if line.startswith(begins) and "-t items" in line]
    return found


def _type(line: str, settings: Settings, directory: Path) -> None:
    typed = line.replace("kafka:9092", settings.kafka)
    done = subprocess.run(
        ["bash", "-c", typed], cwd=directory, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
