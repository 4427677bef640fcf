"""Oracle for the gradients of the last block: PyTorch's autograd in float64 on the fixtures' weights. Writes block.json beside this file.

python3 test/reference/trainer/block.py FIXTURES (the folder eva-x/). Per tensor of a head of kind block (src/contract/head.ts), in its
layout [in, out]: the length of the gradient of the log loss, and its sums weighted by cos(i), cos(2 i) and cos(3 i).
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def rope():
    band = 10000 ** (-np.arange(16) / 16)
    y, x = np.divmod(np.arange(196), 14)
    angle = np.concatenate([y[:, None] * band, x[:, None] * band], 1)
    angle = np.concatenate([np.zeros((1, 32)), angle])  # the class token stays
    return torch.from_numpy(np.cos(angle)), torch.from_numpy(np.sin(angle))


def tensors(file):
    """The last block, in our layout: v's bias has gone into that of proj."""
    w = torch.load(file, weights_only=False)
    w = {k: v.double() for k, v in w.get("model", w.get("module")).items()}
    last = f"blocks.{max(int(k.split('.')[1]) for k in w if k.startswith('blocks.'))}."
    b = {k.removeprefix(last): v for k, v in w.items() if k.startswith(last)}
    q, k, v = b["attn.qkv.weight"].chunk(3) if "attn.qkv.weight" in b else [b[f"attn.{p}_proj.weight"] for p in "qkv"]
    if "mlp.w12.weight" in b:
        (gate, up), (gate_bias, up_bias) = b["mlp.w12.weight"].chunk(2), b["mlp.w12.bias"].chunk(2)
    else:
        gate, up, gate_bias, up_bias = (b[f"mlp.{p}"] for p in ("w1.weight", "w2.weight", "w1.bias", "w2.bias"))
    proj, down = b["attn.proj.weight"], b["mlp.w3.weight"]
    out = {
        "q": q.T, "q.bias": b["attn.q_bias"], "k": k.T, "v": v.T,
        "proj": proj.T, "proj.bias": b["attn.proj.bias"] + proj @ b["attn.v_bias"],
        "gate": gate.T, "gate.bias": gate_bias, "up": up.T, "up.bias": up_bias, "down": down.T, "down.bias": b["mlp.w3.bias"],
    }
    norms = {"norm1": "norm1", "norm2": "norm2"} | ({"inner": "mlp.ffn_ln"} if "mlp.ffn_ln.weight" in b else {})
    for ours, theirs in norms.items():
        out |= {f"{ours}.gain": b[f"{theirs}.weight"], f"{ours}.bias": b[f"{theirs}.bias"]}
    out = {f"block.{k}": v for k, v in out.items()}
    norm = "fc_norm" if "fc_norm.weight" in w else "norm"
    return out | {"norm.gain": w[f"{norm}.weight"], "norm.bias": w[f"{norm}.bias"]}


def norm(x, t, name):
    return F.layer_norm(x, x.shape[-1:], t[f"{name}.gain"], t[f"{name}.bias"], 1e-6)


def block(x, t):
    d = x.shape[-1]
    cos, sin = rope()
    n = norm(x, t, "block.norm1")
    heads = lambda y: y.view(-1, 197, d // 64, 64).transpose(1, 2)

    def turn(y):
        a, b = y[..., ::2], y[..., 1::2]
        return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)

    q = turn(heads(n @ t["block.q"] + t["block.q.bias"]))
    k = turn(heads(n @ t["block.k"]))
    mixed = F.scaled_dot_product_attention(q, k, heads(n @ t["block.v"]))
    x = x + mixed.transpose(1, 2).reshape(x.shape) @ t["block.proj"] + t["block.proj.bias"]
    n = norm(x, t, "block.norm2")
    h = F.silu(n @ t["block.gate"] + t["block.gate.bias"]) * (n @ t["block.up"] + t["block.up.bias"])
    if "block.inner.gain" in t:
        h = norm(h, t, "block.inner")
    return x + h @ t["block.down"] + t["block.down.bias"]


def loss(x, t):
    """Two findings behind a head whose numbers are formulas: the test has the same ones."""
    d = x.shape[-1]
    i = torch.arange(d, dtype=torch.float64)
    f = norm(block(x, t)[:, 1:].mean(1), t, "norm")
    z = (f - 0.1 * torch.sin(i)) / (1 + 0.5 * torch.cos(i) ** 2)
    z = z / z.norm(dim=1, keepdim=True)
    logits = z @ t["weight"].T + t["bias"]
    return F.binary_cross_entropy_with_logits(logits, torch.tensor([[1.0, 0.0]], dtype=torch.float64), reduction="sum")


if __name__ == "__main__":
    fixtures = Path(sys.argv[1])
    out = {}
    for name in ("micro-packed", "micro-packed-2h", "micro-split"):
        t = tensors(fixtures / f"{name}.pt")
        states = np.load(fixtures / f"{name}.states.npz")
        x = torch.from_numpy(states["block_0"]).double()
        if "block_1" in states:
            print(name, "block:", float((block(x, t) - torch.from_numpy(states["block_1"])).abs().max()))
        d = x.shape[-1]
        t["weight"] = (2 * torch.cos(torch.arange(2 * d, dtype=torch.float64) + 1)).view(2, d)
        t["bias"] = torch.tensor([0.1, -0.2], dtype=torch.float64)
        t = {k: v.clone().contiguous().requires_grad_() for k, v in t.items()}
        value = loss(x, t)
        value.backward()
        rows = {}
        for key, tensor in t.items():
            g = tensor.grad.flatten()
            i = torch.arange(len(g), dtype=torch.float64)
            rows[key] = [float(v) for v in (g.norm(), *((g * torch.cos(j * i)).sum() for j in (1, 2, 3)))]
        out[name] = {"loss": float(value.detach()), "gradients": rows}
        print(name, out[name]["loss"])
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=1) + "\n")
