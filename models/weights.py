"""Weights and optimiser on disk (safetensors), and a warm start with more items than before."""

from __future__ import annotations

from dataclasses import fields

import torch
from safetensors.torch import load, save
from torch import Tensor

from models.adam import AdamW
from models.sequence import SequenceModel, Shape
from models.terms import NO_TERMS, Older, Share, Terms
from models.text_rows import LENGTH, Float32, TextRows
from recaug.batch import Int64
from recaug.registry import Bundle, CorruptBundle


def pack(model: SequenceModel, optimizer: AdamW) -> dict[str, bytes]:
    """The two files a later run starts from."""
    weights = {
        name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()
    }
    moments = {name: value.cpu().contiguous() for name, value in optimizer.state.items()}
    return {"weights.safetensors": save(weights), "optimizer.safetensors": save(moments)}


def shape_of(bundle: Bundle) -> Shape:
    """Raises CorruptBundle where the manifest does not describe a model."""
    model = {"pooled": False, **bundle.manifest.model}  # which bundles of before do not say
    try:
        return Shape(**{field.name: model[field.name] for field in fields(Shape)})
    except KeyError as error:
        raise _unfit(bundle, f"its manifest gives no {error}") from error


def restore(bundle: Bundle, rows: Int64 | None = None) -> tuple[SequenceModel, AdamW]:
    """Model and optimiser as they were written, with some `rows` of the table or all of them.

    Raises CorruptBundle where they do not fit.
    """
    weights = load(bundle.read("weights.safetensors"))
    moments = load(bundle.read("optimizer.safetensors"))
    try:
        model = SequenceModel(shape_of(bundle), len(weights["table"]))
        model.load_state_dict(weights)
        optimizer = AdamW(model)
        for name, value in optimizer.state.items():
            value.copy_(moments[name])
    except (KeyError, RuntimeError) as error:
        raise _unfit(bundle, str(error).splitlines()[0]) from error
    return (model, optimizer) if rows is None else gathered(model, optimizer, rows)


def gathered(model: SequenceModel, optimizer: AdamW, rows: Int64) -> tuple[SequenceModel, AdamW]:
    """The same model with those `rows` (M,) of its table alone, moments and steps with them."""
    chosen = torch.from_numpy(rows)
    smaller = SequenceModel(model.encoder.shape, len(chosen))
    weights = model.state_dict()
    smaller.load_state_dict({**weights, "table": weights["table"][chosen]})
    state = AdamW(smaller)
    for name, value in optimizer.state.items():
        state.state[name].copy_(value[chosen] if name.startswith("table.") else value)
    return smaller, state


def grown(model: SequenceModel, optimizer: AdamW, rows: Tensor) -> tuple[SequenceModel, AdamW]:
    """The same model with `rows` (M, d) put below its table; moments and steps of those are 0."""
    larger = SequenceModel(model.encoder.shape, len(model.table) + len(rows))
    weights = model.state_dict()
    larger.load_state_dict({**weights, "table": torch.cat([weights["table"], rows])})
    state = AdamW(larger)
    for name, value in optimizer.state.items():
        state.state[name][: len(value)] = value
    return larger, state


def with_texts(model: SequenceModel, optimizer: AdamW, text: Float32 | None, fresh: bool) -> AdamW:
    """Let whitened `text` (N, q) take part in training; returns the optimiser to train with.

    A model that is not `fresh` keeps its rows until something is learned. `settled` ends it.
    """
    if text is None:
        return optimizer
    width = model.encoder.shape.width
    texts = TextRows(torch.from_numpy(text), width, LENGTH if fresh else 0.0)
    model.texts = texts.to(model.table.device)
    return AdamW(model).adopt(optimizer)


def with_terms(
    model: SequenceModel, optimizer: AdamW, share: Share, text: Float32 | None,
    before: SequenceModel | None, traits: Tensor | None = None,
) -> AdamW:  # fmt: skip
    """Let the terms of the loss that have a `share` take part in training; see `with_texts`.

    `before` is the model that must not be forgotten, `traits` (U, t) are users'.
    """
    if share == NO_TERMS:
        return optimizer
    device, width = model.table.device, model.encoder.shape.width
    words = None if text is None else torch.from_numpy(text)
    older = None if before is None else Older(before, device)
    model.terms = Terms(share, width, words, traits, older).to(device)
    return AdamW(model).adopt(optimizer)


def settled(model: SequenceModel, optimizer: AdamW) -> None:
    """Give the rows what the texts gave them, and nothing else to remember."""
    model.settle()
    for name in optimizer.parameters.keys() - dict(model.named_parameters()).keys():
        optimizer.forget(name)


def _unfit(bundle: Bundle, why: str) -> CorruptBundle:
    mend = "roll back to another version: recaug model list, recaug model rollback"
    return CorruptBundle(f"the weights in {bundle.path} do not fit", why, mend)
