"""Models published beside the trainer: good copies, and ones that must never answer."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping

import numpy as np
import onnx

from recaug.kafka import producer
from recaug.registry import ModelRecord, Registry
from recaug.signing import Keys
from tests.e2e.faults.points import ABOUT
from tests.e2e.house import House
from tests.recaug import tiny

Files = dict[str, bytes]
Change = Callable[[Files], None]


def registry(house: House) -> Registry:
    """The house's registry, with its own keys."""
    return Registry(house.data / "registry", Keys.of(house.settings))


def first(house: House) -> str:
    """A small model that can be served, so that a fault need not wait until one has been learned.

    It knows fifty items of the simulated shop.
    """
    version, width = "20260101T000000000-first", 8
    names = [f"sku-{10_001 + number}" for number in range(50)]
    table = np.random.default_rng(1).standard_normal((len(names) + 2, width)).astype(np.float32)
    files = {
        "encoder.onnx": tiny.graph(),
        "items.npy": tiny.npy(table),
        "vocab.json": json.dumps(names).encode(),
    }
    registry(house).write("main", version, files, ABOUT)
    return version


def copy(
    house: House, version: str, name: str, change: Callable[[Files], None] | None = None
) -> str:
    """Write a bundle like `version`'s, changed before it is hashed and signed."""
    source = registry(house).open("main", version)
    files = {file: source.read(file) for file in source.manifest.files}
    if change is not None:
        change(files)
    about = source.manifest.model_dump(exclude={"name", "version", "files", "schema_"})
    contents: Mapping[str, bytes] = files
    registry(house).write("main", name, contents, about)
    return name


def publish(house: House, version: str, damage: bool = False) -> None:
    """Promote it as the trainer does: alias, then announcement; `damage` it in between."""
    place = registry(house)
    record = ModelRecord.about(place.open("main", version)).of(place.promote("main", version))
    if damage:
        flip_a_bit(house, version)
    client = producer(house.settings.kafka)
    client.send("recaug.models", key=b"main", value=record.model_dump_json().encode())
    client.flush()
    client.close()


def flip_a_bit(house: House, version: str) -> None:
    """On the disk, after the promotion was signed."""
    path = house.data / "registry" / "main" / version / "encoder.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def not_a_number(files: Files) -> None:
    """One weight in the table is NaN."""
    table = np.load(io.BytesIO(files["items.npy"]))
    table[len(table) // 2, 0] = np.nan
    files["items.npy"] = tiny.npy(table)


def graph_not_a_number(files: Files) -> None:
    """Every weight in the graph is NaN."""
    graph = onnx.load_model_from_string(files["encoder.onnx"])
    for tensor in graph.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            held = onnx.numpy_helper.to_array(tensor)
            poisoned = onnx.numpy_helper.from_array(np.full_like(held, np.nan), tensor.name)
            tensor.CopyFrom(poisoned)
    files["encoder.onnx"] = graph.SerializeToString()


def other_inputs(files: Files) -> None:
    """The graph asks for something nobody gives it."""
    graph = onnx.load_model_from_string(files["encoder.onnx"])
    old = graph.graph.input[0].name
    graph.graph.input[0].name = "something-else"
    for node in graph.graph.node:
        for at, name in enumerate(node.input):
            if name == old:
                node.input[at] = "something-else"
    files["encoder.onnx"] = graph.SerializeToString()


def no_graph(files: Files) -> None:
    """Bytes that are no graph at all."""
    files["encoder.onnx"] = b"not a graph"


BAD: tuple[Change, ...] = (
    not_a_number,
    graph_not_a_number,
    other_inputs,
    no_graph,
)
