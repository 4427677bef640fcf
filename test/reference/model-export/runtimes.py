"""Exported models in other runtimes: python runtimes.py OUT MODEL.onnx... runs each in the onnxruntime and, where it is installed, the
OpenVINO of this Python, and compares with what OUT holds from other runs, runtimes.mjs's among them: OUT/<model>/<runtime>.json.

Run it in one venv with onnxruntime==1.17.3 and numpy<2, and in another with the newest onnxruntime and openvino.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def picture(shape: list) -> np.ndarray:
    """Grey levels by whole numbers, so that every language makes the same: [2, C, H, W]."""
    _, channels, height, width = shape
    n, c, y, x = np.ogrid[:2, :channels, :height, :width]
    levels = np.abs((x * 5 + y * 3 + c * 11 + n * 40) % 256 - 128) + np.abs((x * y // 8 + n * 90) % 256 - 128)
    return np.minimum(levels, 255).astype(np.float32)


def in_onnxruntime(model: str) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"image": picture(session.get_inputs()[0].shape)})[0]


def in_openvino(model: str) -> np.ndarray:
    import openvino

    core = openvino.Core()
    read = core.read_model(model)
    shape = [0 if dim.is_dynamic else dim.get_length() for dim in read.inputs[0].partial_shape]
    # Else its processor plugin may compute in bfloat16.
    compiled = core.compile_model(read, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled({"image": picture(shape)})["probabilities"]


runs = {f"onnxruntime {onnxruntime.__version__}": in_onnxruntime}
try:
    import openvino

    runs[f"openvino {openvino.__version__.split('-')[0]}"] = in_openvino
except ImportError:
    pass

out = Path(sys.argv[1])
for model in sys.argv[2:]:
    place = out / Path(model).parent.name
    place.mkdir(parents=True, exist_ok=True)
    for name, run in runs.items():
        (place / f"{name}.json").write_text(json.dumps(run(model).ravel().tolist()))
    found = {file.stem: np.array(json.loads(file.read_text())) for file in sorted(place.glob("*.json"))}
    first, *others = found
    print(place.name, "against", first, {other: f"{np.abs(found[other] - found[first]).max():.1e}" for other in others})
