"""Random scalar expressions, integers, indices and conditions."""

from collections.abc import Callable

from tests.fuzz.indices import bare, index, section, whole, within
from tests.fuzz.maker import READ, Maker, Term

# text, the bound its argument is brought to, and the bound of the result
FUNCTIONS = {
    "math function": (
        ("math.sin({})", 9.0, 1.0),
        ("math.cos({})", 9.0, 1.0),
        ("math.tanh({})", 2.0, 1.0),
        ("math.exp({})", 1.0, 2.8),
        ("math.sqrt(1.2 + {} ** 2)", 2.0, 2.3),
        ("math.log(1.5 + {} ** 2)", 4.0, 2.9),
        ("math.atan({})", 4.0, 1.4),
        ("math.expm1({})", 1.0, 1.8),
        ("math.fabs({})", 4.0, 4.0),
        ("math.erf({})", 1.5, 1.0),
    ),
    "np function": (
        ("np.sin({})", 9.0, 1.0),
        ("np.cos({})", 9.0, 1.0),
        ("np.tanh({})", 2.0, 1.0),
        ("np.exp({})", 1.0, 2.8),
        ("np.sqrt(1.1 + {} ** 2)", 4.0, 4.2),
        ("np.log(1.1 + np.square({}))", 2.0, 1.7),
        ("np.log1p(abs({}))", 4.0, 1.7),
        ("np.arctan({})", 4.0, 1.4),
        ("np.square({})", 2.0, 4.0),
        ("np.sinh({})", 1.0, 1.2),
        ("np.arcsinh({})", 4.0, 2.1),
        ("np.abs({})", 4.0, 4.0),
    ),
    "function of two arguments": (
        ("np.hypot({}, {})", 2.0, 3.0),
        ("np.arctan2({}, 2.2 + {})", 2.0, 1.6),
        ("math.hypot({}, {})", 2.0, 3.0),
        ("math.atan2(2.3 + {}, {})", 2.0, 1.6),
        ("np.maximum({}, {})", 4.0, 4.0),
        ("np.minimum({}, {})", 4.0, 4.0),
        ("np.logaddexp({}, {})", 2.0, 2.7),
        ("np.fmax({}, {})", 4.0, 4.0),
    ),
}
FIRM = ("np.sin({})", "np.cos({})", "math.tanh({})", "math.cos({})")
DAMPED = (
    "np.sin({})",
    "np.cos({})",
    "math.sin({})",
    "np.arctan({}) * 0.6",
    "({0} / (1.0 + {0} ** 2))",
)


def constant(m: Maker) -> Term:
    tenths = m.integer(2, 18)
    return Term(str(tenths / 10), tenths / 10)


def small(m: Maker, term: Term, limit: float = 1.0) -> str:
    """Return the text of `term`, damped to `limit` unless its bound is below."""
    if term.bound <= limit:
        return term.text
    if term.bound <= 20 * limit and m.chance(50):
        return f"({int(100 * limit / term.bound) / 100} * {term.text})"
    forms = DAMPED if len(term.text) < 20 else DAMPED[:-1]
    return m.pick(forms).format(term.text)


def firm(m: Maker, depth: int) -> str:
    """Return an expression that is never beyond -1 and 1."""
    return m.pick(FIRM).format(bare(scalar(m, depth).text))


def scalar(m: Maker, depth: int) -> Term:
    """Return an expression that is a float."""
    if depth <= 0 or not m.chance(75):
        return leaf(m)
    return m.form(SCALARS, depth - 1) or leaf(m)


def tame(m: Maker, depth: int = 2, limit: float = 1.0) -> str:
    return small(m, scalar(m, depth), limit)


def leaf(m: Maker) -> Term:
    kind = m.integer(0, 11)
    if kind <= 4 and m.scope.floats:
        return Term(m.pick(m.scope.floats))
    if kind <= 9 and m.scope.arrays:
        return element(m)
    if kind == 10:
        number = whole(m)
        return Term(f"(0.25 * {number.text})", 0.25 * max(abs(number.low), abs(number.high)))
    return constant(m)


def element(m: Maker) -> Term:
    array = m.pick(m.scope.arrays)
    indices = [index(m, extent) for extent in array.shape]
    m.use("element load", f"rank {len(array.shape)}")
    if len(indices) > 1 and m.chance(10):
        m.use("chained index")
        return Term(f"{array.name}[{indices[0]}][{', '.join(indices[1:])}]")
    return Term(f"{array.name}[{', '.join(indices)}]")


def binary(operator: str) -> Callable[[Maker, int], Term]:
    def make(m: Maker, depth: int) -> Term:
        left, right = scalar(m, depth), scalar(m, depth)
        product = operator == "*"
        bound = left.bound * right.bound if product else left.bound + right.bound
        return Term(f"({left.text} {operator} {right.text})", bound)

    return make


def quotient(m: Maker, depth: int) -> Term:
    above = scalar(m, depth)
    below = m.pick(("1.5 + {}", "-2.2 + {}", "2 - {}")).format(firm(m, depth))
    return Term(f"({above.text} / ({below}))", 2 * above.bound)


def power(m: Maker, depth: int) -> Term:
    kind = m.integer(0, 4)
    if kind <= 1:
        return Term(f"({tame(m, depth, 2.0)} ** {m.pick((2, 3))})", 8.0)
    if kind == 2:
        return Term(f"((1.6 + {firm(m, depth)}) ** {tame(m, depth, 2.0)})", 6.8)
    if kind == 3:
        return Term(f"({m.pick(('2', '1.7', '0.6'))} ** {tame(m, depth, 2.0)})", 4.0)
    exponent = within(m, 0, 3)
    return Term(f"({tame(m, depth)} ** {exponent.text})", 1.0)


def remainder(m: Maker, depth: int) -> Term:
    below = f"(1.7 + {firm(m, depth)})" if m.chance(30) else m.pick(("1.3", "0.7", "-0.9", "2"))
    return Term(f"({scalar(m, depth).text} % {below})", 2.7)


def floor_division(m: Maker, depth: int) -> Term:
    above = scalar(m, depth)
    factor = m.pick([*m.scope.floats, "0.3"])
    return Term(f"({above.text} // {m.pick(('0.7', '1.1', '-1.3'))} * {factor})", 6 * above.bound)


def prefixed(prefix: str) -> Callable[[Maker, int], Term]:
    def make(m: Maker, depth: int) -> Term:
        term = scalar(m, depth)
        return Term(f"({prefix}{term.text})", term.bound)

    return make


def called(name: str) -> Callable[[Maker, int], Term]:
    def make(m: Maker, depth: int) -> Term:
        term = scalar(m, depth)
        return Term(f"{name}({term.text})", term.bound)

    return make


def extreme(name: str) -> Callable[[Maker, int], Term]:
    def make(m: Maker, depth: int) -> Term:
        terms = [scalar(m, depth) for _ in range(m.pick((2, 2, 3)))]
        return Term(f"{name}({', '.join(t.text for t in terms)})", max(t.bound for t in terms))

    return make


def function(kind: str) -> Callable[[Maker, int], Term]:
    def make(m: Maker, depth: int) -> Term:
        text, limit, bound = m.pick(FUNCTIONS[kind])
        if text.count("{}") == 2:
            return Term(text.format(tame(m, depth, limit), tame(m, depth, limit)), bound)
        return Term(text.format(tame(m, depth, limit)), bound)

    return make


def truncated(m: Maker, depth: int) -> Term:
    return Term(f"(0.5 * int(2.5 * {tame(m, depth, 2.0)}))", 2.5)


def chosen(m: Maker, depth: int) -> Term:
    first, second = scalar(m, depth), scalar(m, depth)
    text = f"({first.text} if {condition(m, 1)} else {second.text})"
    return Term(text, max(first.bound, second.bound))


def helped(m: Maker, depth: int) -> Term | None:
    helpers = [h for h in m.helpers if h.results == 1 and not h.shapes]
    if not helpers:
        return None
    helper = m.pick(helpers)
    args = [tame(m, depth, READ) for _ in range(helper.floats)]
    return Term(f"{helper.name}({', '.join(args)})", 2.0)


def reduction(m: Maker, depth: int) -> Term | None:
    """A number made of a whole array or a section."""
    if not m.scope.arrays:
        return None
    array = m.pick(m.scope.arrays)
    text = array.name if m.chance(60) else section(m, array)[0]
    kind = m.pick(("sum", "sum", "mean", "max", "min", "prod"))
    if kind == "prod":
        text = f"np.cos({text})"
    by_function = kind == "prod" or m.chance(50)
    m.use("reduction" if by_function else "reduction by method")
    return Term(f"np.{kind}({text})" if by_function else f"{text}.{kind}()", 12.0)


def inner(m: Maker, depth: int) -> Term | None:
    pairs = [(a, b) for a in m.scope.arrays for b in m.scope.arrays if a.shape == b.shape]
    if not pairs:
        return None
    left, right = m.pick(pairs)
    forms = ("np.dot({}, {})", "({} @ {})", "np.vdot({}, {})")
    return Term(
        m.pick(forms if len(left.shape) == 1 else forms[2:]).format(left.name, right.name), 40.0
    )


SCALARS: dict[str, Callable[[Maker, int], Term | None]] = {
    "+": binary("+"),
    "*": binary("*"),
    "-": binary("-"),
    "/": quotient,
    "**": power,
    "%": remainder,
    "//": floor_division,
    "unary minus": prefixed("-"),
    "unary plus": prefixed("+"),
    "abs": called("abs"),
    "float": called("float"),
    "min": extreme("min"),
    "max": extreme("max"),
    "int": truncated,
    "conditional expression": chosen,
    "helper in an expression": helped,
    "reduction of an array": reduction,
    "inner product": inner,
    **{kind: function(kind) for kind in FUNCTIONS},
}


def condition(m: Maker, depth: int) -> str:
    """Return a condition."""
    if depth <= 0 or not m.chance(60):
        return m.form(COMPARISONS) or comparison(m)
    return m.form(CONDITIONS, depth - 1) or comparison(m)


def comparison(m: Maker) -> str:
    right = str(m.integer(-12, 12) / 10 + 0.05)[:5] if m.chance(50) else scalar(m, 1).text
    return f"({scalar(m, 1).text} {m.pick(('<', '>', '<=', '>='))} {right})"


def integer_comparison(m: Maker) -> str:
    operator = m.pick(("==", "!=", "<", ">", "<=", ">="))
    return f"({whole(m).text} {operator} {whole(m).text})"


def chain(m: Maker) -> str:
    if m.chance(30):
        return f"(0 <= {whole(m).text} < {whole(m).text})"
    return f"({-m.integer(1, 12) / 10} < {scalar(m, 1).text} <= {scalar(m, 1).text})"


def flag(m: Maker) -> str | None:
    return m.pick(m.scope.flags) if m.scope.flags else None


COMPARISONS: dict[str, Callable[[Maker], str | None]] = {
    "comparison": comparison,
    "integer comparison": integer_comparison,
    "chained comparison": chain,
    "condition in a variable": flag,
}
CONDITIONS: dict[str, Callable[[Maker, int], str | None]] = {
    "and": lambda m, depth: f"({condition(m, depth)} and {condition(m, depth)})",
    "or": lambda m, depth: f"({condition(m, depth)} or {condition(m, depth)})",
    "not": lambda m, depth: f"(not {condition(m, depth)})",
}
