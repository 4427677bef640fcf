"""The encoder against PyTorch and timm on the same cores, one batch each in turn, so that other work hits all alike.

python3 test/bench/encoder/pytorch.py SIZE=ENCODER_DIR ... [TURNS], e.g. small=/tmp/small-int8, encoders made by "collimate convert" (any precision) of the seeded weights
of test/reference/encoder/evax.py. Needs torch and timm.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

root = Path(__file__).parents[3]
sys.path.insert(0, str(root / "test/reference/encoder"))
from evax import SIZES, weights  # noqa: E402
from timm_parity import oracle  # noqa: E402

BATCH = 8
RUN = """
const ort = require('onnxruntime-node');
(async () => {
  const options = { graphOptimizationLevel: 'extended', logSeverityLevel: 3 };
  const session = await ort.InferenceSession.create(process.argv[1], options);
  const pixels = new ort.Tensor('float32', new Float32Array(8 * 3 * 224 * 224).fill(0.3), [8, 3, 224, 224]);
  for await (const _ of require('readline').createInterface({ input: process.stdin })) {
    const started = performance.now();
    await session.run({ pixels });
    console.log((performance.now() - started) / 1000);
  }
})();
"""


def timed(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


turns = 9
pairs = [argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument]
for size, folder in pairs:
    width, depth, kind = SIZES[size]
    model = oracle(weights(width, depth, kind), width, depth, kind).float()
    half = oracle(weights(width, depth, kind), width, depth, kind).bfloat16()
    images = torch.full((BATCH, 3, 224, 224), 0.3)
    node = subprocess.Popen(
        ["node", "-e", RUN, str(Path(folder) / "model.onnx")], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )

    def encoder():
        node.stdin.write("go\n")
        return float(node.stdout.readline())

    rates = {"encoder": [], "float32": [], "bfloat16": []}
    with torch.inference_mode():
        for turn in range(turns + 1):
            seconds = {"encoder": encoder(), "float32": timed(lambda: model(images)), "bfloat16": timed(lambda: half(images.bfloat16()))}
            if turn:
                for key, value in seconds.items():
                    rates[key].append(BATCH / value)
    node.stdin.close()
    median = {key: statistics.median(values) for key, values in rates.items()}
    ratio = {key: statistics.median(a / b for a, b in zip(rates["encoder"], rates[key])) for key in ("float32", "bfloat16")}
    print(f"{Path(folder).name}: {median['encoder']:.1f} images/s; PyTorch+timm float32 {median['float32']:.1f} (x{ratio['float32']:.2f}), bfloat16 {median['bfloat16']:.1f} (x{ratio['bfloat16']:.2f})")
