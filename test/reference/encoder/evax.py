"""EVA-X checkpoints with seeded weights, in the layout of the published files (eva-x.md of the project's documents)."""

import numpy as np
import torch

SIZES = {"tiny": (192, 12, "packed"), "small": (384, 12, "packed"), "base": (768, 12, "split")}


def rope_table(turn):
    band = 10000 ** (-np.arange(16) / 16)
    y, x = np.divmod(np.arange(196), 14)
    angle = np.repeat(np.concatenate([y[:, None] * band, x[:, None] * band], 1), 2, axis=1)
    return torch.tensor(turn(angle), dtype=torch.float32)


def shapes(width, depth, kind, classes=None, fine_tuned=False):
    """Names and shapes, in the order of the files."""
    hidden = int(width * 8 / 3)
    out = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, 197, width),
        "patch_embed.proj.weight": (width, 3, 16, 16),
        "patch_embed.proj.bias": (width,),
    }
    for i in range(depth):
        block = {"norm1.weight": (width,), "norm1.bias": (width,), "attn.q_bias": (width,), "attn.v_bias": (width,)}
        if kind == "packed":
            block |= {"attn.qkv.weight": (3 * width, width)}
        else:
            block |= {f"attn.{p}_proj.weight": (width, width) for p in "qkv"}
        block |= {"attn.proj.weight": (width, width), "attn.proj.bias": (width,), "norm2.weight": (width,), "norm2.bias": (width,)}
        if kind == "packed":
            block |= {"mlp.w12.weight": (2 * hidden, width), "mlp.w12.bias": (2 * hidden,)}
        else:
            block |= {f"mlp.{p}.weight": (hidden, width) for p in ("w1", "w2")} | {f"mlp.{p}.bias": (hidden,) for p in ("w1", "w2")}
            block |= {"mlp.ffn_ln.weight": (hidden,), "mlp.ffn_ln.bias": (hidden,)}
        block |= {"mlp.w3.weight": (width, hidden), "mlp.w3.bias": (width,)}
        out |= {f"blocks.{i}.{k}": v for k, v in block.items()}
    norm = "fc_norm" if fine_tuned else "norm"
    out |= {f"{norm}.weight": (width,), f"{norm}.bias": (width,)}
    if classes:
        out |= {"head.weight": (classes, width), "head.bias": (classes,)}
    return out


def weights(width, depth, kind, seed=1, **options):
    """The recipe of the project's fixtures: weights N(0, 0.05), biases N(0, 0.1), gains 1 + N(0, 0.1)."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes(width, depth, kind, **options).items():
        noise = torch.randn(shape, generator=generator)
        is_gain = len(shape) == 1 and name.endswith("weight")
        state[name] = 1 + 0.1 * noise if is_gain else (0.1 if len(shape) == 1 else 0.05) * noise
    state["rope.freqs_cos"], state["rope.freqs_sin"] = rope_table(np.cos), rope_table(np.sin)
    return state
