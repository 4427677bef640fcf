"""A small EVA-X (width 64, depth 1) for inputs of other sizes, with the features that timm gives in float64.

python3 test/reference/encoder/evax_sizes.py writes evax-sizes/*.gz and evax-sizes/expected.json beside itself. Written with torch 2.13 and timm 1.0.31, whose
`ref_feat_shape` (14, 14) scales rotary positions as EVA-X's own `ft_seq_len` does. The weights are few multiples of 1/16, small when packed.
"""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import torch

from evax import shapes
from timm_parity import oracle

out = Path(__file__).parent / "evax-sizes"
out.mkdir(exist_ok=True)
WIDTH, DEPTH = 64, 1
generator = torch.Generator().manual_seed(5)


def simple(shape, gain):
    level = torch.randint(-2, 3, shape, generator=generator) * (torch.rand(shape, generator=generator) < 0.25)
    return (16 + level if gain else level).float() / 16


def table(grid):
    """As EVA-X stores it: positions of the grid scaled to 14."""
    band = 10000 ** (-np.arange(16) / 16)
    y, x = np.divmod(np.arange(grid * grid), grid)
    angle = np.repeat(np.concatenate([y[:, None] * band, x[:, None] * band], 1) * 14 / grid, 2, axis=1)
    return torch.tensor(np.cos(angle)).bfloat16()


def save(name, content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    (out / f"{name}.gz").write_bytes(gzip.compress(buffer.getvalue(), 9, mtime=0))


expected = {}
for kind, size in (("packed", 256), ("packed", 384), ("split", 448)):
    grid = size // 16
    generator.manual_seed(size)
    sized = shapes(WIDTH, DEPTH, kind, fine_tuned=True) | {"pos_embed": (1, grid * grid + 1, WIDTH)}
    state = {k: simple(s, len(s) == 1 and k.endswith("weight")) for k, s in sized.items()}
    image = torch.tensor(np.sin(np.arange(3 * size * size) / 7) * 1.5, dtype=torch.float32).reshape(1, 3, size, size)
    with torch.no_grad():
        expected[size] = oracle(state, WIDTH, DEPTH, kind, size)(image.double())[0].tolist()
    stored = {"rope.freqs_cos": table(grid)} if size == 256 else {}
    save(f"size-{size}.pt", {"model": {k: v.bfloat16() for k, v in state.items()} | stored})
(out / "expected.json").write_text(json.dumps(expected))
