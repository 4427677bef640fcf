"""What Pillow reads of the hostile and odd ordinary images -> ordinary.json, read by test/unit/imaging/formats/ordinary.test.ts.

python3, numpy, pillow. Run with the folder of the collection: python3 ordinary.py ../../../../shared/data/hostile
Files that Pillow refuses or reads with fewer bits than the file has are reduced as said below or left out.
"""

import hashlib
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])
GRID = 4


def samples(image: Image.Image) -> np.ndarray:
    """Alpha dropped and not blended, palette resolved, ink turned to light, one channel where all three are equal."""
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode == "PA":
        image = image.convert("RGBA")
    if image.mode == "CMYK":
        image = image.convert("RGB")
    if image.mode == "1":
        image = image.convert("L")
    if image.mode not in ("L", "LA", "RGB", "RGBA", "RGBX", "I;16", "I;16B"):
        raise ValueError(image.mode)
    array = np.asarray(image)
    if array.ndim == 3:
        array = array[:, :, 0] if array.shape[2] == 2 else array[:, :, :3]
    if array.ndim == 3 and (array == array[:, :, :1]).all():
        array = array[:, :, 0]
    return array


def means(array: np.ndarray) -> list[float]:
    """Of GRID x GRID cells, channel by channel."""
    planes = array[:, :, None] if array.ndim == 2 else array
    cells = [cell for row in np.array_split(planes, GRID, 0) for cell in np.array_split(row, GRID, 1)]
    return [round(float(cell[:, :, c].mean()), 2) for c in range(planes.shape[2]) for cell in cells]


out = {}
for file in sorted(folder.rglob("*")):
    name = file.relative_to(folder).as_posix()
    if not file.is_file() or file.suffix.lower() not in (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"):
        continue
    try:
        with Image.open(file) as opened:
            if opened.width * opened.height > 20e6 or min(opened.size) < GRID:
                continue
            lossless = opened.format in ("PNG", "TIFF") and opened.info.get("compression") not in ("jpeg", "tiff_jpeg")
            array = samples(ImageOps.exif_transpose(opened))
    except Exception:  # noqa: BLE001 - whatever Pillow does not read has no reference
        continue
    entry = {"shape": list(array.shape), "bits": array.dtype.itemsize * 8}
    if lossless:
        entry["sha256"] = hashlib.sha256(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()
    else:
        entry["means"] = means(array)
    out[name] = entry
lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in out.items())
(Path(__file__).parent / "ordinary.json").write_text(f'{{\n "pillow": "{PIL.__version__}",\n "grid": {GRID},\n "files": {{\n{lines}\n}}\n}}\n')
