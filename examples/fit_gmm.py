"""Fit a Gaussian mixture with full covariances: srcdiff gives the gradient, SciPy the minimum.

On its own: python examples/fit_gmm.py
A picture:  python examples/fit_gmm.py --data examples/data/gmm_d2_K5.txt --plot out.png
"""

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize
from tqdm import tqdm

import srcdiff as sd

Array = NDArray[np.float64]
DATA = Path(__file__).parent / "data" / "gmm_d10_K25.txt"


# ---- the objective, as a Numba user writes it ----


@njit
def log_sum_exp(values):
    top = values[0]
    for j in range(1, values.shape[0]):
        if values[j] > top:
            top = values[j]
    total = 0.0
    for j in range(values.shape[0]):
        total += math.exp(values[j] - top)
    return math.log(total) + top


def objective(alphas, means, icf, x, gamma, m):
    """Minus the log-likelihood of the points x, plus the Wishart penalty on the covariances.

    Component j has the weight softmax(alphas)[j] and the inverse covariance Q'Q, Q lower
    triangular; icf[j] holds the logarithms of Q's diagonal, then its columns below the diagonal.
    """
    n, d = x.shape
    k = alphas.shape[0]

    qdiag = np.empty((k, d))
    logdet = np.zeros(k)
    penalty = 0.0
    for j in range(k):
        for a in range(d):
            logdet[j] += icf[j, a]
            qdiag[j, a] = math.exp(icf[j, a])
            penalty += qdiag[j, a] * qdiag[j, a]
        for pos in range(d, icf.shape[1]):
            penalty += icf[j, pos] * icf[j, pos]
    penalty = 0.5 * gamma * gamma * penalty - m * logdet.sum()

    diff = np.empty(d)
    proj = np.empty(d)
    term = np.empty(k)
    log_likelihood = 0.0
    for i in range(n):
        for j in range(k):
            for a in range(d):
                diff[a] = x[i, a] - means[j, a]
                proj[a] = qdiag[j, a] * diff[a]
            pos = d
            for a in range(d):
                for b in range(a + 1, d):
                    proj[b] += icf[j, pos] * diff[a]
                    pos += 1
            sqnorm = 0.0
            for a in range(d):
                sqnorm += proj[a] * proj[a]
            term[j] = alphas[j] + logdet[j] - 0.5 * sqnorm
        log_likelihood += log_sum_exp(term)
    log_likelihood -= n * (log_sum_exp(alphas) + 0.5 * d * math.log(2.0 * math.pi))
    return penalty - log_likelihood


# ---- the fit ----


def read_points(path: Path) -> tuple[Array, int, float, int]:
    """Read points, number of components, and gamma and m of the prior from an ADBench file."""
    words = path.read_text().split()
    d, k, n = (int(word) for word in words[:3])
    x = np.array(words[-2 - n * d : -2], dtype=np.float64).reshape(n, d)
    return x, k, float(words[-2]), int(words[-1])


def start(x: Array, k: int) -> tuple[Array, Array, Array]:
    """Return equal weights, means at k of the points, and unit covariances."""
    n, d = x.shape
    chosen = np.random.default_rng(0).choice(n, size=k, replace=False)
    return np.zeros(k), x[chosen], np.zeros((k, d * (d + 1) // 2))


def pack(parts: tuple[Array, ...]) -> Array:
    """Lay the parameters end to end in one vector, as SciPy wants them."""
    return np.concatenate([part.ravel() for part in parts])


def unpack(theta: Array, k: int, d: int) -> tuple[Array, Array, Array]:
    """Return alphas, means and icf as views of the vector."""
    alphas, means, icf = np.split(theta, [k, k + k * d])
    return alphas, means.reshape(k, d), icf.reshape(k, d * (d + 1) // 2)


def fit(
    value_and_gradient: Callable[..., Any],
    parts: tuple[Array, Array, Array],
    data: tuple[Array, float, int],
    iterations: int,
) -> OptimizeResult:
    """Minimise the objective by L-BFGS-B from `parts`, with a progress bar."""
    k, d = parts[1].shape

    def evaluate(theta: Array) -> tuple[float, Array]:
        value, gradient = value_and_gradient(*unpack(theta, k, d), *data)
        return value, pack(gradient)

    with tqdm(total=iterations, desc="L-BFGS-B", unit="it") as bar:

        def report(intermediate_result: OptimizeResult) -> None:
            bar.set_postfix_str(f"objective {intermediate_result.fun:.2f}")
            bar.update()

        options = {"maxiter": iterations, "maxfun": 2 * iterations}
        return minimize(
            evaluate, pack(parts), jac=True, method="L-BFGS-B", callback=report, options=options
        )


# ---- what is shown ----


def milliseconds(function: Callable[..., Any], *args: Any, seconds: float = 0.5) -> float:
    """Return the median time of a call, once compiled."""
    function(*args)
    times: list[float] = []
    while sum(times) < seconds:
        begin = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(times))


def ellipse(icf: Array, mean: Array) -> Array:
    """Return points on the 2-sigma ellipse of one component in the first two coordinates."""
    d = mean.shape[0]
    factor = np.zeros((d, d))
    columns, rows = np.triu_indices(d, 1)
    factor[rows, columns] = icf[d:]
    factor[np.diag_indices(d)] = np.exp(icf[:d])
    inverse = np.linalg.inv(factor)
    covariance = (inverse @ inverse.T)[:2, :2]
    angles = np.linspace(0.0, 2.0 * np.pi, 100)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    return mean[:2, None] + 2.0 * np.linalg.cholesky(covariance) @ circle


def plot(path: Path, x: Array, fits: dict[str, tuple[Array, Array, Array]]) -> None:
    """Draw the points and the 2-sigma ellipses of each fit; darker lines have greater weight."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, len(fits), figsize=(12, 6), sharex=True, sharey=True)
    for panel, (title, (alphas, means, icf)) in zip(panels, fits.items(), strict=True):
        weights = np.exp(alphas - alphas.max())
        panel.scatter(x[:, 0], x[:, 1], s=4, color="0.6")
        for weight, mean, packed in zip(weights, means, icf, strict=True):
            panel.plot(*ellipse(packed, mean), color="C0", alpha=max(0.15, weight))
            panel.plot(*mean[:2], "+", color="C3", alpha=max(0.15, weight))
        panel.set(title=title, xlabel="x[0]", ylabel="x[1]", aspect="equal")
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA, help="a mixture file of ADBench")
    parser.add_argument("--components", type=int, help="default: as the file says")
    parser.add_argument("--iterations", type=int, default=200)
    parser.add_argument("--plot", type=Path, metavar="OUT.PNG", help="draw the fit (matplotlib)")
    return parser.parse_args()


def main() -> None:
    options = parse_arguments()
    x, k, gamma, m = read_points(options.data)
    before = start(x, options.components or k)
    k, d = before[1].shape
    data = (x, gamma, m)
    print(f"{x.shape[0]} points in {d} dimensions, {k} components, {pack(before).size} parameters")

    df = sd.value_and_grad(objective, argnums=(0, 1, 2))
    begin = time.perf_counter()
    objective_before, _ = df(*before, *data)
    print(f"first gradient, compilation included: {time.perf_counter() - begin:.2f} s")
    lines = df.source().splitlines()
    print(f"\nThe generated adjoint, first lines of {len(lines)}:\n")
    print("\n".join("    " + line for line in lines[:25]), end="\n\n")

    result = fit(df, before, data, options.iterations)
    after = unpack(result.x, k, d)
    print(f"\nobjective {objective_before:.2f} -> {result.fun:.2f} in {result.nit} iterations")

    primal_time = milliseconds(njit(objective), *after, *data)
    gradient_time = milliseconds(df, *after, *data)
    print(f"objective with plain njit {primal_time:8.3f} ms")
    ratio = gradient_time / primal_time
    print(f"objective and gradient    {gradient_time:8.3f} ms, {ratio:.2f} times the objective")
    if options.plot is not None:
        plot(options.plot, x, {"start": before, "fit": after})
        print(f"drawn: {options.plot}")


if __name__ == "__main__":
    main()
