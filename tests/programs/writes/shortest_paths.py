"""All shortest paths by Floyd and Warshall, in the matrix of distances itself."""

import numpy as np


def shortest_paths(D):
    n = D.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                through = D[i, k] + D[k, j]
                if through < D[i, j]:
                    D[i, j] = through
    return np.sum(D * D)


def ARGS(random):
    D = random.uniform(0.2, 3.0, size=(5, 5))
    np.fill_diagonal(D, 0.2)  # with 0.0, a path through a node itself is as long as one that is not
    return (D,)


ARGNUMS = 0
