"""Arrays as NumPy writes them, for the reader of src/files/npy.ts. Run: python3 test/reference/files/npy/make.py"""
from pathlib import Path

import numpy as np

here = Path(__file__).parent
values = (np.arange(12, dtype=np.float32).reshape(3, 4) - 5) / 3


def write(name, array, version):
    with open(here / name, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


write("version1.npy", values, (1, 0))
write("version2.npy", values, (2, 0))
write("float64.npy", values.astype(np.float64), (1, 0))
write("big-endian.npy", values.astype(">f4"), (1, 0))
write("fortran.npy", np.asfortranarray(values), (1, 0))
write("flat.npy", values.ravel(), (1, 0))
write("empty.npy", values[:0], (1, 0))
nan = values.copy()
nan[2, 1] = np.nan
write("nan.npy", nan, (1, 0))
