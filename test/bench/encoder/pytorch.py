"""One of the two that take turns in the rows "over PyTorch" of table.ts, which starts it: EVA-X by PyTorch and timm on the same cores.

python3 pytorch.py SIZE BATCH THREADS CLOCK, SIZE tiny, small or base, THREADS 0 for all cores, CLOCK wall or cores. Prints "ready"; then for each line of standard
input, float32 or bfloat16, runs one batch and prints the seconds that it took, by the clock on the wall or of processor time. Needs torch and timm 1.0.x.
"""

import os
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "reference/encoder"))
from evax import SIZES, weights  # noqa: E402
from timm_parity import oracle  # noqa: E402

size, batch, threads, clock = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.set_num_threads(threads or os.cpu_count())
now = time.process_time if clock == "cores" else time.perf_counter
width, depth, kind = SIZES[size]
state = weights(width, depth, kind)
models = {"float32": oracle(state, width, depth, kind).float(), "bfloat16": oracle(state, width, depth, kind).bfloat16()}
images = {"float32": torch.full((batch, 3, 224, 224), 0.3)}
images["bfloat16"] = images["float32"].bfloat16()
print("ready", torch.__version__, flush=True)
with torch.inference_mode():
    for line in sys.stdin:
        name = line.strip()
        started = now()
        models[name](images[name])
        print(now() - started, flush=True)
