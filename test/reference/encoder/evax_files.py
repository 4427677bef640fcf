"""A small EVA-X (width 64, depth 1) in every kind of file that training scripts write, with its features in float64.

python3 test/reference/encoder/evax_files.py writes evax/*.gz and evax/expected.json beside itself. Written with torch 2.13 and
safetensors 0.8. The weights are few multiples of 1/16, exact in every type and small when packed: all files hold the same encoder.
"""

import argparse
import gzip
import io
import json
import sys
import types
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from eva_x import features
from evax import rope_table, shapes

out = Path(__file__).parent / "evax"
out.mkdir(exist_ok=True)
WIDTH, DEPTH = 64, 1
generator = torch.Generator().manual_seed(5)


def simple(shape, gain):
    level = torch.randint(-2, 3, shape, generator=generator) * (torch.rand(shape, generator=generator) < 0.25)
    return (16 + level if gain else level).float() / 16


def state(kind="packed", fine_tuned=False):
    generator.manual_seed(5)
    w = {k: simple(s, len(s) == 1 and k.endswith("weight")) for k, s in shapes(WIDTH, DEPTH, kind, fine_tuned=fine_tuned).items()}
    w["rope.freqs_cos"], w["rope.freqs_sin"] = rope_table(np.cos), rope_table(np.sin)
    return w


def head(classes):
    generator.manual_seed(classes)
    return {"head.weight": simple((classes, WIDTH), False), "head.bias": simple((classes,), False)}


def write(name, data):
    (out / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))


def save(name, content, **options):
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    write(name, buffer.getvalue())


def to(weights, dtype):
    return {k: v.to(dtype) for k, v in weights.items()}


def in_one_storage(weights):
    """Every tensor a view into one storage, each with a gap before it."""
    whole = torch.full((sum(v.numel() + 3 for v in weights.values()),), 7.0)
    views, at = {}, 3
    for key, value in weights.items():
        views[key] = whole[at : at + value.numel()].view(value.shape)
        views[key].copy_(value)
        at += value.numel() + 3
    return views


def transposed(weights):
    """Matrices stored column by column."""
    return {k: v.t().contiguous().t() if v.dim() == 2 else v for k, v in weights.items()}


class Scalar:
    """A numpy scalar as numpy 1 pickles it."""

    def __reduce__(self):
        return sys.modules["numpy.core.multiarray"].scalar, (np.dtype("f8"), b"\x00" * 8)


old = types.ModuleType("numpy.core.multiarray")
def scalar(*_):
    return 0.0
scalar.__module__, scalar.__qualname__ = "numpy.core.multiarray", "scalar"
old.scalar = scalar
sys.modules["numpy.core.multiarray"] = old

plain, split = state(), state("split")
tuned = state(fine_tuned=True)
save("zip.pt", {"module": plain})
save("legacy-bfloat16.pt", {"model": to(plain, torch.bfloat16)}, _use_new_zipfile_serialization=False)
save("legacy-views.pt", {"module": in_one_storage(plain)}, _use_new_zipfile_serialization=False)
save("zip-bfloat16.pt", {"module": to(plain, torch.bfloat16)})
save("zip-float16-protocol4.pt", to(plain, torch.float16), pickle_protocol=4)
save("shared-storage.pt", {"model": in_one_storage(plain)})
save("column-major.pt", {"state_dict": {"model": transposed(plain)}})
write("float32.safetensors", safetensors.torch.save(plain))
write("bfloat16.safetensors", safetensors.torch.save(to(plain, torch.bfloat16), {"format": "pt"}))
save("model-ema-5.pth", {"model": {k: v + 1 for k, v in plain.items()}, "model_ema": tuned | head(5), "args": argparse.Namespace(lr=1e-3), "metric": Scalar()})
save("head-14.pth", {"model": tuned | head(14)})
save("head-3.pth", {"model": tuned | head(3)})
# The last part of a Sequential behind dropout, in a model that holds the encoder under a name of its own.
sequential = {k.replace("head.", "module.head.1."): v for k, v in head(14).items()}
save("head-sequential.pth", {"model_state_dict": {f"module.backbone.{k}": v for k, v in tuned.items()} | sequential})
# Without the rotary table, which is computed.
bare = {k: v for k, v in plain.items() if not k.startswith("rope.")}
save("wrapped-nested.pt", {"state_dict": {f"model.module.encoder._orig_mod.net.{k}": v for k, v in bare.items()}})
write("wrapped-compiled.safetensors", safetensors.torch.save({f"backbone.{k.replace('blocks.0.', 'blocks.0._orig_mod.')}": v for k, v in plain.items()}))
save("split.pt", {"module": split})
swapped = rope_table(np.cos).view(14, 14, 64).transpose(0, 1).reshape(196, 64)
save("rope-axes-swapped.pt", {"module": plain | {"rope.freqs_cos": swapped}})
save("rope-of-a-block-swapped.pt", {"module": plain | {"blocks.0.attn.rope.freqs_cos": swapped.half()}})
# The table of another base is off by less than half precision's own rounding at most places.
band = torch.tensor(np.repeat(10050.0 ** (-np.arange(16) / 16), 2))
angle = torch.cat([torch.arange(196)[:, None] // 14 * band, torch.arange(196)[:, None] % 14 * band], 1)
other = {"rope.freqs_cos": angle.cos(), "rope.freqs_sin": angle.sin()}
save("rope-other-base-bfloat16.pt", {"module": to(plain | other, torch.bfloat16)})

with (out / "input.tmp").open("wb") as file:
    torch.save({"model": plain}, file)
images = (np.sin(np.arange(3 * 224 * 224) / 7) * 1.5).astype(np.float32).reshape(1, 3, 224, 224)
expected = {"packed": features(out / "input.tmp", images)[0].tolist()}
with (out / "input.tmp").open("wb") as file:
    torch.save({"model": split}, file)
expected["split"] = features(out / "input.tmp", images)[0].tolist()
(out / "input.tmp").unlink()
expected["heads"] = {n: {k: v.flatten().tolist() for k, v in head(n).items()} for n in (3, 5, 14)}
(out / "expected.json").write_text(json.dumps(expected))
