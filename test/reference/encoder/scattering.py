"""Oracle of the built-in encoder: the definition of src/encoder/scattering/README.md in numpy (float64, FFTs, no shared code).

python3 test/reference/encoder/scattering.py writes scattering.tiles.npy (uint8) and scattering.expected.npy beside itself.
"""

from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

N, L = 128, 6
w = 2 * np.pi * np.fft.fftfreq(N)
wx, wy = np.meshgrid(w, w)


def kernel(l):
    t, s, xi, slant = np.pi * l / L, 0.8, 3 * np.pi / 4, 4 / L
    u, v = wx * np.cos(t) + wy * np.sin(t), -wx * np.sin(t) + wy * np.cos(t)
    g = lambda a: np.exp(-((u - a) ** 2 * s**2 + v**2 * (s / slant) ** 2) / 2)
    psi = g(xi) - np.exp(-(xi**2) * s**2 / 2) * g(0)
    k = np.fft.fftshift(np.fft.ifft2(psi))[N // 2 - 3 : N // 2 + 4, N // 2 - 3 : N // 2 + 4]
    return k - k.mean()


K = np.stack([kernel(l) for l in range(L)])


def low_pass(n):
    f = np.abs(2 * np.pi * np.fft.fftfreq(n))
    a, b = 0.3 * np.pi, 0.6 * np.pi
    return np.clip(np.where(f < a, 1, np.where(f > b, 0, 0.5 + 0.5 * np.cos(np.pi * (f - a) / (b - a)))), 0, 1)


def halve(x):
    h = low_pass(x.shape[-1])
    return np.fft.ifft2(np.fft.fft2(x) * h[:, None] * h[None, :]).real[..., ::2, ::2]


def pool(x):
    n = x.shape[-1]
    f = 2 * np.pi * np.fft.fftfreq(n)
    g = np.exp(-(f**2) * (0.8 * 16 * n / N) ** 2 / 2)
    # Half a pixel between samples: a phase in frequency.
    at = (np.arange(8) + 0.5) * n / 8 - 0.5
    e = np.exp(1j * np.outer(at, f)) * g / n
    return (e @ np.fft.fft2(x) @ e.T).real


def modulus(x):
    padded = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(3, 3), (3, 3)])
    windows = sliding_window_view(padded, (7, 7), axis=(-2, -1))
    return np.abs(np.einsum("...yxab,lab->...lyx", windows, K))


def encode(tile):
    x = tile.astype(np.float64)
    x = (x - x.mean()) / (x.std() + 1e-3)
    maps = [pool(x)[None]]
    image = x
    for j1 in range(4):
        if j1:
            image = halve(image)
        u = modulus(image)
        maps.append(pool(u))
        for j2 in range(j1 + 1, 4):
            u = halve(u)
            maps.append(pool(modulus(u)).reshape(36, 8, 8))
    m = np.concatenate(maps)
    m = np.sign(m) * np.log1p(10 * np.abs(m))
    return m.reshape(241, 4, 2, 4, 2).mean((2, 4)).ravel()


if __name__ == "__main__":
    rng = np.random.default_rng(7)
    yy, xx = np.mgrid[:N, :N]
    noise = rng.integers(0, 256, (N, N))
    thorax = 110 + 60 * np.cos(xx / 21) * np.sin(yy / 30) + 25 * np.sin(yy / 3.1) * (xx > 60) + 8 * rng.standard_normal((N, N))
    flat = np.full((N, N), 77)
    flat[40:50, 90] = 78
    tiles = np.stack([noise, np.clip(thorax, 0, 255), flat]).astype(np.uint8)
    here = Path(__file__).parent
    np.save(here / "scattering.tiles.npy", tiles)
    np.save(here / "scattering.expected.npy", np.stack([encode(t) for t in tiles]).astype(np.float32))
