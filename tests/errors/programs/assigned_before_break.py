"""A search that finds nothing leaves its result without a value."""

ERROR = "UnsupportedSyntax"
MESSAGE = "where the loop on line 8 ends without `break`"


def f(x):
    for i in range(x.shape[0]):
        if x[i] > 0.0:
            found = i
            break
    return x[found]  # <-- error
