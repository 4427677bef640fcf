"""Oracle for the heads: numpy (float64) and scikit-learn 1.9. Writes heads.json beside this file.

Gaussian discriminant analysis as in Wang et al., ICLR 2024, computed the direct way (d x d inverse);
logistic regression by scikit-learn at fixed C, solved far below the tolerance of the test.
"""
import json
import pathlib
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")


def gda(x, classes, count):
    d = x.shape[1]
    mu = np.stack([x[classes == c].mean(0) for c in range(count)])
    xc = x - mu[classes]
    s = xc.T @ xc / (len(x) - 1)
    inv = d * np.linalg.inv((len(x) - 1) * s + np.trace(s) * np.eye(d))
    return mu @ inv, -np.einsum("kd,de,ke->k", mu, inv, mu) / 2


def logistic(x, y, c):
    fit = LogisticRegression(C=c, tol=1e-12, max_iter=100000).fit(x, y)
    return fit.predict_proba(x)


cases = []
for seed, (n, m) in enumerate([(24, 40), (60, 12)]):
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.arange(n) % 3)
    x = rng.normal(size=(n, m)) * np.linspace(3, 0.2, m) + rng.normal(size=(3, m))[classes]
    x = np.round(x, 3)
    other = (rng.random(n) < 0.4).astype(int)
    read = rng.random(n) < 0.8
    binary = (classes == 0).astype(int)
    w3, b3 = gda(x, classes, 3)
    w2, b2 = gda(x, binary, 2)
    wo, bo = gda(x[read], other[read], 2)
    square = (x**2).sum(1).mean()
    strengths = [0.1, 10.0, 1000.0]
    cases.append(
        {
            "n": n,
            "m": m,
            "x": x.ravel().tolist(),
            "classes": classes.tolist(),
            "other": np.where(read, other, -1).tolist(),
            "multiclass": {"weight": (w3 - w3.mean(0)).ravel().tolist(), "bias": (b3 - b3.mean()).tolist()},
            "multilabel": {
                "weight": np.stack([w2[1] - w2[0], wo[1] - wo[0]]).ravel().tolist(),
                "bias": [b2[1] - b2[0], bo[1] - bo[0]],
            },
            "logistic": [
                {
                    "strength": s,
                    "softmax": np.round(logistic(x, classes, s / square), 7).ravel().tolist(),
                    "sigmoid": np.round(logistic(x, binary, s / square)[:, 1], 7).tolist(),
                    "masked": np.round(
                        LogisticRegression(C=s / square, tol=1e-12, max_iter=100000)
                        .fit(x[read], other[read])
                        .predict_proba(x)[:, 1],
                        7,
                    ).tolist(),
                }
                for s in strengths
            ],
        }
    )

pathlib.Path(__file__).with_name("heads.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
