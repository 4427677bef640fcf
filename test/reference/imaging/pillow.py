"""Pillow's bicubic on small seeded images of odd sizes -> pillow.json, read by test/unit/imaging/resample.

python3.11, Pillow 13, numpy. The images come from a linear congruential generator that the test has too.
"""

import json
from pathlib import Path

import numpy as np
import PIL
from PIL import Image


def samples(n: int, seed: int) -> np.ndarray:
    state, out = seed, np.empty(n, np.uint8)
    for i in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = state >> 24
    return out


cases = []
for seed, (width, height, channels, to_width, to_height) in enumerate(
    [
        (7, 5, 1, 16, 16),
        (61, 47, 1, 16, 12),
        (61, 47, 3, 16, 12),
        (33, 90, 1, 33, 20),
        (90, 33, 3, 31, 33),
        (1, 40, 1, 5, 8),
        (250, 3, 1, 20, 9),
        (128, 128, 3, 9, 9),
        (19, 23, 1, 19, 23),
    ]
):
    pixels = samples(width * height * channels, seed + 1).reshape((height, width) if channels == 1 else (height, width, 3))
    resized = np.asarray(Image.fromarray(pixels).resize((to_width, to_height), Image.Resampling.BICUBIC))
    cases.append(
        {"seed": seed + 1, "from": [width, height, channels], "to": [to_width, to_height], "hex": resized.tobytes().hex()}
    )

luma = samples(300, 99).reshape(10, 10, 3)
Path(__file__).with_name("pillow.json").write_text(
    json.dumps(
        {
            "pillow": PIL.__version__,
            "cases": cases,
            "luma": {"seed": 99, "hex": np.asarray(Image.fromarray(luma).convert("L")).tobytes().hex()},
        },
        indent=1,
    )
    + "\n"
)
