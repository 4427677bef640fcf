"""Colour of more than 8 bits as compressed streams -> deep-colour.json, read by test/unit/imaging/formats/dicom.

python3.11, numpy, imagecodecs (OpenJPEG, OpenJPH, CharLS, libjpeg-turbo): other encoders than those beside our decoders, which
write colour of 16 bits wrongly. The picture is a formula that the test has too.
"""

import base64
import json
from pathlib import Path

import imagecodecs
import numpy as np

WIDTH, HEIGHT = 24, 20


def picture(bits: int) -> np.ndarray:
    i = np.arange(WIDTH * HEIGHT * 3)
    return ((i * 131 + (i % 3) * 1000) % 2**bits).astype(np.uint16).reshape(HEIGHT, WIDTH, 3)


def smooth() -> np.ndarray:
    x = np.arange(WIDTH) * 4095 // (WIDTH - 1)
    rows = [[(v, 4095 - v, 2048) for v in x] for _ in range(HEIGHT)]
    return np.array(rows, np.uint16)


streams = {
    "JPEG 2000, reversible colour transform, 12 bits": ("1.2.840.10008.1.2.4.90", 12, imagecodecs.jpeg2k_encode(picture(12), reversible=True, codecformat="j2k", bitspersample=12, mct=True)),
    "JPEG 2000, no colour transform, 12 bits": ("1.2.840.10008.1.2.4.90", 12, imagecodecs.jpeg2k_encode(picture(12), reversible=True, codecformat="j2k", bitspersample=12, mct=False)),
    "HTJ2K, 16 bits": ("1.2.840.10008.1.2.4.201", 16, imagecodecs.htj2k_encode(picture(16), reversible=True)),
    "JPEG-LS, 16 bits": ("1.2.840.10008.1.2.4.80", 16, imagecodecs.jpegls_encode(picture(16))),
    "JPEG Lossless, 16 bits": ("1.2.840.10008.1.2.4.57", 16, imagecodecs.jpeg_encode(picture(16), lossless=True, bitspersample=16, colorspace="RGB", outcolorspace="RGB")),
    "JPEG Extended, 12 bits, lossy": ("1.2.840.10008.1.2.4.51", 12, imagecodecs.jpeg_encode(smooth(), level=98, bitspersample=12)),
}
cases = [
    {"name": name, "syntax": syntax, "bits": bits, "stream": base64.b64encode(stream).decode()}
    for name, (syntax, bits, stream) in streams.items()
]
out = {"width": WIDTH, "height": HEIGHT, "imagecodecs": imagecodecs.__version__, "cases": cases}
(Path(__file__).parent / "deep-colour.json").write_text(json.dumps(out, indent=1) + "\n")
