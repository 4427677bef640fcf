"""Oracle for evaluation, calibration and the basis: scikit-learn 1.9, scipy, numpy. Writes figures.json beside this file."""
import json
import pathlib

import numpy as np
from scipy.stats import binomtest
from sklearn.calibration import _SigmoidCalibration
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

out = {"ranking": [], "wilson": [], "platt": [], "pca": None}
for seed, n in enumerate([12, 80, 230]):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(int)
    y[:2] = [0, 1]
    # Rounded, so that there are ties.
    p = np.round(np.clip(0.3 + 0.25 * (y - 0.5) + 0.2 * rng.normal(size=n), 0.01, 0.99), 2)
    out["ranking"].append(
        {
            "p": p.tolist(),
            "y": y.tolist(),
            "auroc": roc_auc_score(y, p),
            "ap": average_precision_score(y, p),
            "brier": brier_score_loss(y, p),
            "logLoss": log_loss(y, p),
        }
    )
for k, n in [(0, 5), (3, 7), (90, 100), (250, 250)]:
    ci = binomtest(k, n).proportion_ci(method="wilson")
    out["wilson"].append({"k": k, "n": n, "low": ci.low, "high": ci.high})
for seed, n in enumerate([30, 200]):
    rng = np.random.default_rng(seed + 10)
    y = (rng.random(n) < 0.4).astype(int)
    z = np.round(3 * rng.normal(size=n) + 2 * y, 3)
    fit = _SigmoidCalibration().fit(z, y)
    out["platt"].append({"logits": z.tolist(), "y": y.tolist(), "slope": -fit.a_, "offset": -fit.b_})

rng = np.random.default_rng(99)
n, d, k = 30, 400, 6
x = np.round(rng.normal(size=(n, 8)) @ (rng.normal(size=(8, d)) * np.linspace(4, 1, 8)[:, None]) + 0.05 * rng.normal(size=(n, d)), 2)
s = (x - x.mean(0)) / x.std(0)
_, values, vt = np.linalg.svd(s, full_matrices=False)
z = s @ vt[:k].T
# Inner products of the projected rows do not depend on the signs of the components.
out["pca"] = {"n": n, "d": d, "components": k, "x": x.ravel().tolist(), "inner": np.round(z @ z.T, 4).ravel().tolist()}
pathlib.Path(__file__).with_name("figures.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
