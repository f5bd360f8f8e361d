"""What generated code may call, under Numba (`NAMES`) and as plain Python (`PLAIN_NAMES`).

Both tables have the same keys; a function that generated text names by a word that is not in them
does not exist there.
"""

from srcdiff.runtime.sums import plain_radd, radd

NAMES: dict[str, object] = {"radd": radd}
PLAIN_NAMES: dict[str, object] = {"radd": plain_radd}
