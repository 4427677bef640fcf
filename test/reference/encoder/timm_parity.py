"""EVA-X Ti, S and B at full size: this program's encoder against timm 1.0.x in float64, weights and images seeded.

npm run build && python3 test/reference/encoder/timm_parity.py
Needs torch 2.13 and timm 1.0.x. The figures are in README.md.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from evax import SIZES, weights

# timm asks for torchvision, which refuses to load beside a PyTorch of another build unless these operators are known.
operators = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    operators.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import timm  # noqa: E402
from timm.models.eva import Eva  # noqa: E402

root = Path(__file__).parents[3]
RUN = """
const ort = require('onnxruntime-node');
const fs = require('fs');
const [model, input, output, n] = process.argv.slice(1);
(async () => {
  const session = await ort.InferenceSession.create(model);
  const data = new Float32Array(new Uint8Array(fs.readFileSync(input)).buffer);
  const { embedding } = await session.run({ pixels: new ort.Tensor('float32', data, [Number(n), 3, 224, 224]) });
  fs.writeFileSync(output, Buffer.from(embedding.data.buffer, embedding.data.byteOffset, embedding.data.byteLength));
})();
"""


def oracle(state, width, depth, kind, size=224):
    model = Eva(
        img_size=size, patch_size=16, num_classes=0, global_pool="avg", embed_dim=width, depth=depth, num_heads=width // 64,
        qkv_fused=kind == "packed", mlp_ratio=4 * 2 / 3, swiglu_mlp=True, scale_mlp=kind == "split", use_rot_pos_emb=True,
        ref_feat_shape=(14, 14), dynamic_img_size=False,
    )
    names = {"mlp.w12": "mlp.fc1", "mlp.w1": "mlp.fc1_g", "mlp.w2": "mlp.fc1_x", "mlp.w3": "mlp.fc2", "mlp.ffn_ln": "mlp.norm"}
    renamed = {}
    for key, value in state.items():
        if key.startswith("rope."):
            continue
        for ours, theirs in names.items():
            key = key.replace(ours + ".", theirs + ".")
        if kind == "split":
            key = key.replace("q_bias", "q_proj.bias").replace("v_bias", "v_proj.bias")
        renamed["fc_norm" + key[4:] if key.startswith("norm.") else key] = value
    missing, unexpected = model.load_state_dict(renamed, strict=False)
    assert not unexpected and all("k_bias" in k or "rope" in k for k in missing), (missing, unexpected)
    return model.double().eval()


if __name__ == "__main__":
    command = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "out/main/collimate.js"
    generator = torch.Generator().manual_seed(7)
    images = torch.randn(3, 3, 224, 224, generator=generator)
    print("timm", timm.__version__, "torch", torch.__version__)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images.numpy().tofile(folder / "input")
        for size, (width, depth, kind) in SIZES.items():
            state = weights(width, depth, kind)
            torch.save({"module": state}, folder / f"{size}.pt")
            with torch.no_grad():
                expected = oracle(state, width, depth, kind)(images.double()).numpy()
            subprocess.run(["node", command, "convert", folder / f"{size}.pt", "--out", folder / size], check=True, capture_output=True)
            subprocess.run(["node", "-e", RUN, folder / size / "model.onnx", folder / "input", folder / "output", "3"], check=True, cwd=root)
            found = np.fromfile(folder / "output", np.float32).reshape(expected.shape)
            print(f"{size}: sd {expected.std():.3f}, max |difference| {np.abs(found - expected).max():.1e}", flush=True)
