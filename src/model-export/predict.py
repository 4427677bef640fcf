"""Probabilities of chest radiographs from the model beside this file, as Collimate itself computes them.

    pip install onnxruntime numpy pillow pydicom      # for compressed DICOM also: pylibjpeg[all] pyjpegls
    python predict.py IMAGE_OR_FOLDER... > predictions.csv
    python predict.py --encoder ENCODER_DIR IMAGE_OR_FOLDER...      # where head.onnx lies here, without its encoder

For research only; not a medical device. What a file is, its bytes tell, not its name. What cannot be read exactly as Collimate
reads it is refused with a reason, never approximated. Apache-2.0.
"""

import argparse
import csv
import json
import sys
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from PIL import Image

Image.MAX_IMAGE_PIXELS = 200_000_000


class Refused(Exception):
    """Why a file is not read, as a sentence."""


class Raster(NamedTuple):
    """Samples as stored: uint8 or uint16, [H, W] or [H, W, 3]; windows over them are (center, width) or a table of greys."""

    samples: np.ndarray
    windows: tuple = ()
    padding: tuple | None = None
    inverted: bool = False
    # DICOM of one bit: 0 and 1 are black and white.
    binary: bool = False


# The picture that is shown: window, then inversion.


def display(raster: Raster) -> np.ndarray:
    samples, windows, padding, inverted, binary = raster
    deep = samples.dtype == np.uint16
    if not deep and not inverted and (samples.ndim == 3 or (not windows and not binary)):
        return samples
    counts = histogram(samples, padding)
    if windows:
        table = window_table(windows[0], len(counts))
        if shows_nothing(table, counts):
            table = window_table(percentiles(counts), len(counts))
    else:
        table = window_table(percentiles(counts) if deep else between(0, 1 if binary else 255), len(counts))
    return (255 - table if inverted else table)[samples]


def shows_nothing(table: np.ndarray, counts: np.ndarray) -> bool:
    """Whether a view is nearly flat, over 98 % of the pixels in two greys, and the samples are not."""

    def flat(histogram: np.ndarray) -> bool:
        return np.sort(histogram)[-2:].sum() > 0.98 * histogram.sum()

    return flat(np.bincount(table, counts, 256)) and not flat(counts)


def histogram(samples: np.ndarray, padding: tuple | None) -> np.ndarray:
    counts = np.bincount(samples.ravel(), minlength=65536 if samples.dtype == np.uint16 else 256)
    if padding:
        counts[max(int(padding[0]), 0) : max(int(padding[1]) + 1, 0)] = 0
    return counts


def percentiles(counts: np.ndarray) -> tuple:
    """Percentiles 1 to 99 of the samples."""
    reached = counts.cumsum()
    at = [int(np.argmax((reached > 0) & (reached >= q * reached[-1]))) for q in (0.01, 0.99)]
    return between(*at)


def between(low: float, high: float) -> tuple:
    span = max(high - low, 0)
    return low + span / 2 + 0.5, span + 1


def window_table(window, size: int) -> np.ndarray:
    """The grey of every sample. A linear window is that of DICOM PS3.3 C.11.2.1.2."""
    if isinstance(window, np.ndarray):
        return window
    center, width = window
    x = np.arange(size)
    span = max(width, 1) - 1
    line = np.floor(((x - (center - 0.5)) / (span or 1) + 0.5) * 255 + 0.5)
    return np.where(x <= center - 0.5 - span / 2, 0, np.where(x > center - 0.5 + span / 2, 255, line)).astype(np.uint8)


# The tile that the encoder sees.


def tile(picture: np.ndarray, recipe: dict) -> np.ndarray:
    image = Image.fromarray(picture)
    if recipe["colour"] == "luma":
        image = image.convert("L")
    size, resize, (width, height) = recipe["size"], recipe["resize"], image.size
    if recipe["crop"] == "squash":
        resized = (size, size)
    elif recipe["crop"] == "official":  # the short side, as torchvision's Resize
        resized = (resize, int(resize * height / width)) if width <= height else (int(resize * width / height), resize)
    else:
        long = max(width, height)
        resized = tuple(max(1, int(side * size / long + 0.5)) for side in (width, height))
    # Across, then down: from version 13 on Pillow turns the order round for tall pictures, which moves grey levels by one.
    across_first = image.resize((resized[0], height), Image.Resampling.BICUBIC)
    whole = np.asarray(across_first.resize(resized, Image.Resampling.BICUBIC))
    (x, across), (y, down) = overlap(resized[0], size), overlap(resized[1], size)
    out = np.zeros((size, size, *whole.shape[2:]), np.uint8)
    out[max(-y, 0) :, max(-x, 0) :][:down, :across] = whole[max(y, 0) :, max(x, 0) :][:down, :across]
    return out


def overlap(n: int, size: int) -> tuple:
    return (-((size - n) // 2), n) if n < size else (round((n - size) / 2), size)


# Files.


def kind_of(data: bytes) -> str | None:
    if data[128:132] == b"DICM":
        return "DICOM"
    for kind, starts in {"PNG": [b"\x89PNG\r\n\x1a\n"], "JPEG": [b"\xff\xd8\xff"], "TIFF": [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]}.items():
        if data.startswith(tuple(starts)):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    # DICOM without preamble opens with group 0002 or 0008.
    if len(data) >= 12 and data[1] == 0 and data[3] == 0:
        explicit = data[4:6] in (b"UL", b"UI", b"CS", b"OB", b"SH", b"DA", b"TM", b"LO", b"IS", b"AE", b"PN")
        if (data[0] == 2 and explicit) or (data[0] == 8 and (explicit or data[5:8] == b"\0\0\0")):
            return "DICOM"
    return None


def rasters(data: bytes):
    """(frame, raster) of every frame or page that is an image of its own; a raster is a function, so that each fails alone."""
    kind = kind_of(data)
    if kind is None:
        raise Refused("it is neither PNG, JPEG, TIFF, WebP nor DICOM")
    if kind == "DICOM":
        yield from dicom(data)
        return
    try:
        image = Image.open(BytesIO(data), formats=[kind.upper()])
        if kind == "PNG" and data[24] == 16 and data[25] != 0:
            raise Refused("Pillow reads a PNG of 16-bit colour with 8 bits only")
        pages = [0]
        if kind == "TIFF":
            # NewSubfileType: smaller copies (bit 0) and masks (bit 2) of other pages are no images of their own.
            pages = [at for at in range(image.n_frames) if at == 0 or not (image.seek(at) or image.tag_v2.get(254, 0) & 5)]
    except (OSError, ValueError, SyntaxError) as error:
        raise Refused(f"Pillow does not read it: {error}") from error
    for page in pages:
        yield page, lambda page=page: ordinary(image, kind, page)


def ordinary(image: Image.Image, kind: str, page: int) -> Raster:
    try:
        if kind == "TIFF":
            image.seek(page)
            if image.tag_v2.get(339, (1,))[0] != 1 or image.mode in ("F", "I", "LAB"):
                raise Refused("TIFF with samples that are signed, floating-point, of 32 bits or in a CIE colour space")
        image.load()
        # Recent versions of Pillow turn TIFF upright themselves and strike the tag out.
        orientation = image.getexif().get(0x112, 1) if kind == "TIFF" else exif_orientation(image)
        white_is_zero = kind == "TIFF" and image.tag_v2.get(262) == 0
        mode = image.mode
        if mode == "P":
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        elif mode in ("CMYK", "YCbCr"):
            image = image.convert("RGB")
        elif mode == "PA":
            image = image.convert("RGBA")
        elif mode == "1":
            image = image.convert("L")
        samples = np.asarray(image)
    except (OSError, ValueError, SyntaxError) as error:
        raise Refused(f"Pillow does not read it: {error}") from error
    if samples.ndim == 3:
        samples = grey_if_equal(samples[:, :, :3]) if samples.shape[2] > 2 else samples[:, :, 0]
    deep = samples.dtype.itemsize > 1
    samples = upright(samples.astype(np.uint16 if deep else np.uint8), orientation)
    # Pillow turns 8 bits of WhiteIsZero round, and 16 not; samples are wanted as stored.
    return Raster(255 - samples if white_is_zero and not deep else samples, inverted=white_is_zero)


def exif_orientation(image: Image.Image) -> int:
    """Of the EXIF block alone: Pillow's own reading also looks into XMP and into texts."""
    try:
        exif = Image.Exif()
        exif.load(image.info.get("exif") or b"")
        return exif.get(0x112, 1)
    except Exception:  # noqa: BLE001 - a damaged EXIF block does not make the picture unreadable
        return 1


def upright(a: np.ndarray, orientation: int) -> np.ndarray:
    turned = a.swapaxes(0, 1)
    ways = {2: a[:, ::-1], 3: a[::-1, ::-1], 4: a[::-1], 5: turned, 6: turned[:, ::-1], 7: turned[::-1, ::-1], 8: turned[::-1]}
    return np.ascontiguousarray(ways.get(orientation, a))


def grey_if_equal(samples: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(samples[:, :, 0]) if (samples == samples[:, :, :1]).all() else samples


# DICOM. Values are taken from the bytes of the elements: a value that breaks its own rules spoils no other.


def words(data, tag: int, dtype: str = "u2") -> np.ndarray | None:
    element = data.get_item(tag)
    if element is None or element.value is None:
        return None
    value = element.value
    if not isinstance(value, (bytes, bytearray)):  # pydicom has looked at it already
        return np.atleast_1d(np.array(value, np.int64))
    order = "<" if getattr(element, "is_little_endian", True) else ">"
    return np.frombuffer(value, order + dtype, len(value) // np.dtype(dtype).itemsize).astype(np.int64)


def word(data, tag: int, otherwise: int | None = None, dtype: str = "u2"):
    found = words(data, tag, dtype)
    return otherwise if found is None or len(found) == 0 else int(found[0])


def text(data, tag: int) -> str:
    element = data.get_item(tag)
    value = "" if element is None or element.value is None else element.value
    if isinstance(value, (bytes, bytearray)):
        return value.decode("latin-1").strip(" \0")
    return "\\".join(map(str, value)) if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue" else str(value).strip()


def decimals(data, tag: int) -> list:
    out = []
    for part in text(data, tag).split("\\"):
        try:
            out.append(float(part))
        except ValueError:
            continue
    return [value for value in out if np.isfinite(value)]


def items(data, tag: int) -> list:
    return list(data[tag].value or []) if tag in data else []


def group(data, frame: int, macro: int):
    """Functional groups of enhanced objects (PS3.3 C.7.6.16): of the frame, else shared; else the data set itself."""
    for sequence, at in ((0x52009230, frame), (0x52009229, 0)):
        found = items(data, sequence)[at : at + 1]
        inner = items(found[0], macro) if found else []
        if inner:
            return inner[0]
    return data


def dicom(data: bytes):
    import pydicom  # noqa: PLC0415 - not needed for other files

    try:
        header = pydicom.dcmread(BytesIO(data), force=True)
        has_pixels = any(tag in header for tag in (0x7FE00010, 0x7FE00008, 0x7FE00009))
        frames = int((decimals(header, 0x00280008) or [1])[0])
    except Exception as error:  # noqa: BLE001 - pydicom's many ways to give up
        raise Refused(f"pydicom does not read it: {error}") from error
    if not has_pixels:
        raise Refused("it holds no image")
    for frame in range(max(frames, 1)):
        yield frame, lambda frame=frame: dicom_frame(header, frame)


def dicom_frame(header, frame: int) -> Raster:
    samples_a_pixel = word(header, 0x00280002, 1)
    photometric = text(header, 0x00280004) or ("MONOCHROME2" if samples_a_pixel == 1 else "RGB")
    found, stored, photometric_found = frame_words(header, frame, samples_a_pixel, photometric)
    if photometric == "PALETTE COLOR":
        samples, _, base = grey_samples(found, stored, signed(header))
        return Raster(grey_if_equal(palette(header, samples, base)))
    if samples_a_pixel == 3:
        return Raster(grey_if_equal(rgb(found, stored, photometric_found)))
    if not photometric.startswith("MONOCHROME"):
        raise Refused(f"the photometric interpretation {photometric} is not supported")
    return grey(header, found, stored, frame, photometric == "MONOCHROME1")


def signed(header) -> bool:
    return word(header, 0x00280103, 0) == 1


def frame_words(header, frame: int, samples: int, photometric: str):
    """The numbers of a frame, lowest stored bit first, [H, W] or [H, W, 3]; the bits of each (0: floats); their colours."""
    height, width = word(header, 0x00280010, 0), word(header, 0x00280011, 0)
    allocated = word(header, 0x00280100, 0)
    stored = word(header, 0x00280101, allocated)
    top = word(header, 0x00280102, stored - 1)
    # A high bit that cannot be: the lowest bits are taken, as pydicom takes them.
    shift = 0 if top >= allocated or top < stored - 1 else top + 1 - stored
    if width < 1 or height < 1 or samples not in (1, 3):
        raise Refused(f"it states {width} x {height} pixels of {samples} samples")
    syntax = header.file_meta.get("TransferSyntaxUID") if getattr(header, "file_meta", None) else None
    float_tag = next((tag for tag in (0x7FE00008, 0x7FE00009) if tag in header), None)
    if syntax is not None and syntax.is_compressed and not syntax.is_deflated:
        return decoded(header, syntax, frame, stored, shift)
    element = header.get_item(float_tag or 0x7FE00010)
    value, order = element.value, "<" if element.is_little_endian else ">"
    shape = (height, width) if samples == 1 else (height, width, 3)
    halved = samples == 3 and photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")
    bits = width * height * (16 if halved else samples * allocated)
    start, end = frame * bits // 8, -(-(frame + 1) * bits // 8)
    if len(value) < end:
        raise Refused(f"its pixel data end {end - len(value)} bytes early")
    if float_tag:
        return np.frombuffer(value[start:end], f"{order}f{allocated // 8}").reshape(shape), 0, photometric
    if allocated == 1:
        every = np.unpackbits(np.frombuffer(value[start:end], np.uint8), bitorder="little")
        return every[frame * bits % 8 :][: width * height].reshape(shape), stored, photometric
    if allocated == 8 and order == ">" and element.VR == "OW":  # bytes in pairs, the second first (PS3.5 annex A.2)
        value, order = np.frombuffer(value[: len(value) // 2 * 2], ">u2").astype("<u2").tobytes(), "<"
    found = np.frombuffer(value[start:end], f"{order}u{allocated // 8}").astype(np.int64) >> shift
    if halved:
        found = found.reshape(-1, 4)
        found = np.stack([found[:, [0, 2, 3]], found[:, [1, 2, 3]]], 1).reshape(shape)
    elif samples == 3 and word(header, 0x00280006, 0) == 1:
        found = np.moveaxis(found.reshape(3, height, width), 0, 2)
    return found.reshape(shape), stored, photometric


def decoded(header, syntax, frame: int, stored: int, shift: int):
    from pydicom.pixels import get_decoder  # noqa: PLC0415

    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise Refused(f"the transfer syntax {syntax.name} is not supported") from error
    if not decoder.is_available:
        raise Refused(f"the transfer syntax {syntax.name} needs one of: {'; '.join(decoder.missing_dependencies)}")
    try:
        found, how = decoder.as_array(header, index=frame, raw=True, correct_unused_bits=False)
    except Exception as error:  # noqa: BLE001 - the decoders' many ways to give up
        raise Refused(f"its picture data cannot be decoded: {error}") from error
    found = found.astype(np.int64)
    if syntax.name == "RLE Lossless":  # words as they lie in memory, with whatever the other bits hold
        found >>= shift
    else:
        # The stream knows its bits better than a header that would wrap the brightest parts to black.
        extended = signed(header) and not syntax.name.startswith(("JPEG Baseline", "JPEG Extended", "JPEG Lossless"))
        if not extended:  # JPEG knows no sign
            found &= 0xFFFF
        low = -(1 << (stored - 1)) if extended else 0
        if found.min() < low or found.max() >= low + (1 << stored):
            stored = max(int(found.max()).bit_length(), max(int(-found.min()) - 1, 0).bit_length()) + int(extended)
    return found, stored, how["photometric_interpretation"]


def grey_samples(found: np.ndarray, stored: int, is_signed: bool):
    """Samples, and what they stand for: stored value = gain * sample + base."""
    if 0 < stored <= 16:
        sign = 1 << (stored - 1) if is_signed else 0
        samples = (found.astype(np.int64) & ((1 << stored) - 1)) ^ sign
        return samples.astype(np.uint8 if stored <= 8 else np.uint16), 1, -sign
    values = found.astype(np.float64)
    if stored and is_signed:
        values = np.where(values >= 2.0 ** (stored - 1), values - 2.0**stored, values)
    real = values[np.isfinite(values)]
    low, high = (real.min(), real.max()) if real.size else (0.0, 0.0)
    whole = bool((real == np.floor(real)).all())
    gain = 1.0 if whole and high - low <= 65535 else (high - low) / 65535 or 1.0
    safe = np.where(np.isfinite(values), values, low)
    return np.floor((safe - low) / gain + 0.5).astype(np.uint16), gain, low


def grey(header, found: np.ndarray, stored: int, frame: int, inverted: bool) -> Raster:
    """PS3.3 C.11.1: samples rise with the value behind the modality transformation, value = slope * sample + intercept."""
    samples, gain, base = grey_samples(found, stored, signed(header))
    tables = items(header, 0x00283000)
    modality = read_lut(tables[0], signed(header)) if tables else None
    slope, intercept = 1.0, 0.0
    if modality is not None:
        every = np.arange(256 if samples.dtype == np.uint8 else 65536)
        table = look_up(modality, gain * every + base)
        samples = table[samples].astype(np.uint8 if modality[2] <= 8 and modality[1].max() <= 255 else np.uint16)
        gain, base = 1, 0
    else:
        transformation = group(header, frame, 0x00289145)
        slope = (decimals(transformation, 0x00281053) or [1.0])[0]
        intercept = (decimals(transformation, 0x00281052) or [0.0])[0]
    maximum = 255 if samples.dtype == np.uint8 else 65535
    if slope * gain < 0:  # windows and tables then need no second case
        top = min(maximum, 2 ** min(stored or 64, 16) - 1)
        samples, base, gain = (top - samples.astype(np.int64)).astype(samples.dtype), base + gain * top, -gain
    # A slope of 0 says nothing of the values.
    scale = (gain, base) if slope == 0 else (slope * gain, slope * base + intercept)
    # Windows are for what comes out of a Modality LUT: without it they mean nothing.
    lost = bool(tables) and modality is None
    windows = () if lost else voi(group(header, frame, 0x00289132), header, scale, maximum, signed(header) or scale[1] < 0)
    padding = None if modality is not None else padding_of(header, gain, base)
    return Raster(samples, windows, padding, inverted, stored == 1)


def padding_of(header, gain: float, base: float) -> tuple | None:
    if word(header, 0x00280100) not in (8, 16):
        return None
    dtype = "i2" if signed(header) else "u2"
    value = word(header, 0x00280120, None, dtype)
    if value is None:
        return None
    ends = [(each - base) / gain for each in (value, word(header, 0x00280121, value, dtype))]
    return min(ends), max(ends)


def read_lut(item, is_signed: bool) -> tuple | None:
    """(first input, entries, bits) of a Modality or VOI LUT item, C.11.1.1; None where it is damaged, which costs no more than itself."""
    try:
        return lut_of(item, 0x00283002, 0x00283006, is_signed)
    except Refused:
        return None


def lut_of(data, descriptor: int, entries: int, is_signed: bool) -> tuple | None:
    described, values = words(data, descriptor), words(data, entries)
    if described is None or len(described) < 3 or values is None or len(values) < 1:
        return None
    count, first, bits = int(described[0]) or 65536, int(described[1]), int(described[2])
    if is_signed and first >= 32768:
        first -= 65536
    if not 1 <= bits <= 16:
        raise Refused(f"a look-up table states {bits} bits")
    if len(values) < count:  # two entries of 8 bits in a word
        if bits > 8 or len(values) * 2 < count:
            raise Refused(f"a look-up table holds {len(values)} of {count} entries")
        values = np.stack([values & 255, values >> 8], 1).ravel()
    return first, values[:count], bits


def look_up(lut: tuple, inputs) -> np.ndarray:
    first, values, _ = lut
    return values[np.clip(np.floor(np.asarray(inputs, np.float64) + 0.5) - first, 0, len(values) - 1).astype(np.int64)]


def voi(item, header, scale: tuple, maximum: int, is_signed: bool) -> tuple:
    """C.11.2: tables before windows, over samples instead of values."""
    slope, intercept = scale
    every = np.arange(maximum + 1)
    views = []
    for each in items(header, 0x00283010):
        lut = read_lut(each, is_signed)
        if lut is not None:
            greys = look_up(lut, slope * every + intercept) / full_range(lut) * 255 + 0.5
            views.append(np.minimum(255, np.floor(greys)).astype(np.uint8))
    shape = text(item, 0x00281056) or "LINEAR"
    for center, width in zip(decimals(item, 0x00281050), decimals(item, 0x00281051)):
        if not (width >= 1 if shape == "LINEAR" else width > 0):
            continue
        at = (center - intercept) / slope
        if shape == "SIGMOID":
            views.append(np.floor(255 / (1 + np.exp((-4 * (every - at)) / (width / slope))) + 0.5).astype(np.uint8))
        elif shape == "LINEAR_EXACT":
            views.append((at + 0.5, width / slope + 1))
        else:
            views.append(((center - 0.5 - intercept) / slope + 0.5, (width - 1) / slope + 1))
    return tuple(views)


def full_range(lut: tuple) -> int:
    """White. Where the entries exceed the bits that are stated, or all fit in two fewer, it is the largest number of the bits they need."""
    needed = int(lut[1].max()).bit_length()
    return 2 ** (needed if needed > lut[2] or 0 < needed <= lut[2] - 2 else lut[2]) - 1


def palette(header, samples: np.ndarray, base: int) -> np.ndarray:
    every = np.arange(256 if samples.dtype == np.uint8 else 65536) + base
    luts = [lut_of(header, 0x00281100 + color, 0x00281200 + color, signed(header)) for color in (1, 2, 3)]
    if any(lut is None for lut in luts):
        raise Refused("its palette is missing, or in segments, which is not supported here")
    # Of more than eight bits the upper eight are shown, unless all of them are 0.
    narrow = all(lut[1].max() <= 255 for lut in luts)
    planes = [(look_up(lut, every) >> (8 if lut[2] > 8 and not narrow else 0)).astype(np.uint8)[samples] for lut in luts]
    return np.stack(planes, 2)


def rgb(found: np.ndarray, stored: int, photometric: str) -> np.ndarray:
    """C.7.6.3.1.2."""
    top = (1 << stored) - 1
    dtype = np.uint16 if stored > 8 else np.uint8
    found = found & top
    if photometric in ("RGB", "YBR_ICT", "YBR_RCT"):
        return found.astype(dtype)
    y, b, r = (found[:, :, at].astype(np.float64) for at in range(3))
    if photometric in ("YBR_PARTIAL_422", "YBR_PARTIAL_420"):
        light = 1.164384 * (y - 16)
        b, r = b - 128, r - 128
        planes = light + 1.596027 * r, light - 0.391762 * b - 0.812968 * r, light + 2.017232 * b
    elif photometric in ("YBR_FULL", "YBR_FULL_422"):
        b, r = b - (top + 1) / 2, r - (top + 1) / 2
        planes = y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b
    else:
        raise Refused(f"the photometric interpretation {photometric} is not supported")
    return np.clip(np.floor(np.stack(planes, 2) + 0.5), 0, top).astype(dtype)


# The model.


class Model:
    """The model, or the head and its encoder, in a folder that Collimate wrote."""

    def __init__(self, folder=Path(__file__).parent, encoder=None):
        folder = Path(folder)
        whole = folder / "model.onnx"
        self.session = open_session(whole if whole.exists() else folder / "head.onnx")
        says = self.session.get_modelmeta().custom_metadata_map
        self.findings = json.loads(says["findings"])
        self.preprocessing = json.loads(says["preprocessing"])
        self.encoder = None
        if not whole.exists():
            if encoder is None:
                raise SystemExit("head.onnx needs the encoder that it was fitted for: --encoder ENCODER_DIR")
            card = json.loads((Path(encoder) / "encoder.json").read_text("utf-8"))
            if card["id"] != says["encoder"]:
                raise SystemExit(f"{encoder} is the encoder {card['id'][:12]}, head.onnx needs {says['encoder'][:12]}")
            states = any(value.name != "embedding" for value in self.session.get_inputs())
            name = "model.tokens.onnx" if states and card.get("tokensModel") else "model.onnx"
            self.encoder = open_session(Path(encoder) / name)

    def predict(self, path):
        """One (frame, probabilities, None) or (frame, None, reason) for each image in the file; frame is None where there is one."""
        try:
            frames = list(rasters(Path(path).read_bytes()))
        except Exception as error:  # noqa: BLE001 - one file must not end the reading of a folder
            return [(None, None, reason_of(error))]
        out = []
        for frame, read in frames:
            number = frame if len(frames) > 1 else None
            try:
                out.append((number, self.of_picture(display(read())), None))
            except Exception as error:  # noqa: BLE001
                out.append((number, None, reason_of(error)))
        return out

    def of_picture(self, picture: np.ndarray) -> dict:
        """Of 8-bit samples [H, W] or [H, W, 3], as they are shown."""
        made = tile(picture, self.preprocessing["tile"])
        first = self.encoder or self.session
        (wanted,) = first.get_inputs()
        planes = np.moveaxis(made if made.ndim == 3 else made[:, :, None], 2, 0)
        image = np.broadcast_to(planes, (wanted.shape[1], *made.shape[:2])).astype(np.float32)[None]
        if self.encoder is None:
            (found,) = self.session.run(["probabilities"], {"image": image})
        else:
            names = [value.name for value in self.session.get_inputs()]
            states = self.encoder.run(names, {"pixels": normalised(image, made, self.preprocessing["normalise"])})
            (found,) = self.session.run(["probabilities"], dict(zip(names, states)))
        return dict(zip(self.findings, found[0].tolist()))


def reason_of(error: Exception) -> str:
    return str(error) if isinstance(error, Refused) else f"it cannot be read ({type(error).__name__}: {error})"


def normalised(image: np.ndarray, made: np.ndarray, how: dict) -> np.ndarray:
    """What stands at the beginning of model.onnx."""
    values = image.astype(np.float64)
    if how["kind"] == "image":
        values = (values - made.mean(dtype=np.float64)) / (made.std(dtype=np.float64) + how["epsilon"])
    else:
        mean, deviation = (np.reshape(how[name], (1, -1, 1, 1)) * 255 for name in ("mean", "std"))
        values = (values - mean) / deviation
    return values.astype(np.float32)


def open_session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    # Products of int8 saturate on processors without VNNI; computed this way they are exact on all.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def files_of(path: Path) -> list:
    """A file itself; of a folder every file that begins like an image."""
    if not path.is_dir():
        return [path]
    files = sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink())
    return [each for each in files if kind_of(each.open("rb").read(352))]


def main() -> int:
    parser = argparse.ArgumentParser(description="Probabilities of chest radiographs, as a CSV table. For research only.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="IMAGE_OR_FOLDER")
    parser.add_argument("--encoder", type=Path, help="the encoder's folder, where head.onnx lies beside this file")
    parser.add_argument("--model", type=Path, default=Path(__file__).parent, help="the folder of the model, where it is another")
    options = parser.parse_args()
    model = Model(options.model, options.encoder)
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["path", "frame", "status", "message", *model.findings])
    failed = 0
    for start in options.paths:
        for file in files_of(start):
            path = file.relative_to(start).as_posix() if start.is_dir() else str(file)
            for frame, found, reason in model.predict(file):
                failed += found is None
                values = [f"{found[name]:.9g}" if found else "" for name in model.findings]
                table.writerow([path, "" if frame is None else frame, "failed" if reason else "ok", reason or "", *values])
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
