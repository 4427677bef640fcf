"""Small checkpoints in every shape that PyTorch writes, and what they hold. Written with torch 2.13.

python3 test/reference/encoder/checkpoints.py writes checkpoints/*.pt and checkpoints/expected.json beside itself.
"""

import argparse
import collections
import json
import os
from pathlib import Path

import numpy as np
import torch

out = Path(__file__).parent / "checkpoints"
out.mkdir(exist_ok=True)
torch.manual_seed(3)
base = torch.randn(4, 6, dtype=torch.float64)
expected = {}


def save(name, content, weights, **options):
    torch.save(content, out / f"{name}.pt", **options)
    expected[name] = {
        key: {"shape": list(t.shape), "dtype": str(t.dtype).removeprefix("torch."), "values": t.double().flatten().tolist()}
        for key, t in weights.items()
    }


dtypes = {str(t).removeprefix("torch."): (base * 20).to(t) for t in (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)}
save("dtypes", dtypes, dtypes)

big = torch.arange(60, dtype=torch.float32)
views = {
    "whole": big,
    "offset": big[10:20],
    "strided": big.view(6, 10)[:, ::3],
    "transposed": big.view(6, 10).t(),
    "block": big.view(3, 4, 5)[1:, 1:3, 2:],
    "scalar": big[7],
    "empty": big[:0],
}
save("views", views, views)

small = {"a.weight": base.float(), "a.bias": torch.tensor([1.0, -2.0])}
other = {"a.weight": torch.zeros(4, 6), "a.bias": torch.zeros(2)}
save("places-model-ema", {"model": other, "model_ema": small}, small)
save("places-state-dict", {"state_dict": collections.OrderedDict(small), "epoch": 3}, small)
save("places-nested", {"model": {"state_dict": small}}, small)
save("places-top", small, small)
save("places-data-parallel", {"model": {f"module.{k}": v for k, v in small.items()}}, small)

linear = torch.nn.Linear(3, 2)
parameters = {"weight": linear.weight, "bias": linear.bias}
save("parameters", {"model": parameters}, {k: v.detach() for k, v in parameters.items()})
save("module-state", linear.state_dict(), {k: v.detach() for k, v in parameters.items()})


class Touch:
    def __reduce__(self):
        return os.system, ("touch collimate-was-here",)


class Anything:
    def __init__(self):
        self.secret = [1, {"x": (2, 3)}]


Anything.__module__, Anything.__qualname__ = "os", "Anything"
os.Anything = Anything
optimizer = torch.optim.AdamW(linear.parameters(), lr=1e-3)
linear(torch.ones(1, 3)).sum().backward()
optimizer.step()
save(
    "surroundings",
    {
        "model": small,
        "optimizer": optimizer.state_dict(),
        "args": argparse.Namespace(lr=1e-3, names=["a", "b"], nested={"k": None}),
        "scaler": {"scale": 65536.0, "big": 2**70, "minus": -(2**40)},
        "metric": np.float64(0.5),
        "array": np.arange(3),
        "counts": collections.Counter("aab"),
        "default": collections.defaultdict(list, {"k": [1]}),
        "set": {1, 2},
        "bytes": b"\x00\xff",
        "object": Anything(),
        "attack": Touch(),
    },
    small,
)
save("protocol4", {"model": small, "args": argparse.Namespace(x={1}), "long": "x" * 300}, small, pickle_protocol=4)

torch.save(small, out / "legacy.pt", _use_new_zipfile_serialization=False)
(out / "expected.json").write_text(json.dumps(expected))
