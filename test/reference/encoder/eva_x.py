"""Oracle of EVA-X in numpy, float64: features of a checkpoint read by PyTorch.

python3 test/reference/encoder/eva_x.py FIXTURES writes eva-x-half.<name>.npy beside itself: the features of the half-precision
checkpoints, with their rounded weights, in float64. It first checks itself against the reference features of the float32 ones.
"""

import sys
from pathlib import Path

import numpy as np
import torch


def layer_norm(x, w, b):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6) * w + b


def turn(x):
    band = 10000 ** (-np.arange(16) / 16)
    y, c = np.divmod(np.arange(196), 14)
    angle = np.repeat(np.concatenate([y[:, None] * band, c[:, None] * band], 1), 2, axis=1)
    rotated = np.stack([-x[..., 1::2], x[..., ::2]], -1).reshape(x.shape)
    out = x.copy()
    out[..., 1:, :] = (x * 1)[..., 1:, :] * np.cos(angle) + rotated[..., 1:, :] * np.sin(angle)
    return out


def features(path, images):
    file = torch.load(path, weights_only=False)
    w = {k: v.double().numpy() for k, v in file.get("model", file.get("module")).items()}
    d = w["cls_token"].shape[-1]
    n = len(images)
    patches = images.astype(np.float64).reshape(n, 3, 14, 16, 14, 16).transpose(0, 2, 4, 1, 3, 5).reshape(n, 196, 768)
    x = patches @ w["patch_embed.proj.weight"].reshape(d, 768).T + w["patch_embed.proj.bias"]
    x = np.concatenate([np.broadcast_to(w["cls_token"], (n, 1, d)), x], 1) + w["pos_embed"]
    for i in range(sum(k.endswith("norm1.weight") for k in w)):
        b = {k.removeprefix(f"blocks.{i}."): v for k, v in w.items() if k.startswith(f"blocks.{i}.")}
        h = layer_norm(x, b["norm1.weight"], b["norm1.bias"])
        fused = b.get("attn.qkv.weight")
        parts = np.split(fused, 3) if fused is not None else [b[f"attn.{p}_proj.weight"] for p in "qkv"]
        heads = lambda t: t.reshape(n, 197, d // 64, 64).transpose(0, 2, 1, 3)
        q = turn(heads(h @ parts[0].T + b["attn.q_bias"]))
        k = turn(heads(h @ parts[1].T))
        v = heads(h @ parts[2].T + b["attn.v_bias"])
        s = q @ k.transpose(0, 1, 3, 2) / 8
        s = np.exp(s - s.max(-1, keepdims=True))
        a = (s / s.sum(-1, keepdims=True)) @ v
        x = x + a.transpose(0, 2, 1, 3).reshape(n, 197, d) @ b["attn.proj.weight"].T + b["attn.proj.bias"]
        h = layer_norm(x, b["norm2.weight"], b["norm2.bias"])
        if "mlp.w12.weight" in b:
            g, u = np.split(h @ b["mlp.w12.weight"].T + b["mlp.w12.bias"], 2, axis=-1)
        else:
            g, u = (h @ b[f"mlp.{p}.weight"].T + b[f"mlp.{p}.bias"] for p in ("w1", "w2"))
        m = g / (1 + np.exp(-g)) * u
        if "mlp.ffn_ln.weight" in b:
            m = layer_norm(m, b["mlp.ffn_ln.weight"], b["mlp.ffn_ln.bias"])
        x = x + m @ b["mlp.w3.weight"].T + b["mlp.w3.bias"]
    last = "fc_norm" if "fc_norm.weight" in w else "norm"
    return layer_norm(x[:, 1:].mean(1), w[f"{last}.weight"], w[f"{last}.bias"])


if __name__ == "__main__":
    fixtures = Path(sys.argv[1])
    images = np.load(fixtures / "input.npy")
    for name in ("micro-packed", "micro-packed-2h", "micro-split"):
        reference = np.load(fixtures / f"{name}.feature.npy")
        print(name, np.abs(features(fixtures / f"{name}.pt", images) - reference).max())
        half = features(fixtures / f"{name}.half.pt", images)
        print("  half:", np.abs(half - reference).max())
        np.save(Path(__file__).parent / f"eva-x-half.{name}.npy", half.astype(np.float32))
        tuned = features(fixtures / f"{name}.finetuned14.pt", images)
        print("  fine-tuned:", np.abs(tuned - reference).max())
