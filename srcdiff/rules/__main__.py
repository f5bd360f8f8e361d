"""Print the derivative rules as a Markdown table: `python -m srcdiff.rules`."""

from srcdiff.rules.expression import Expression, text
from srcdiff.rules.registry import REALS, Elementwise, all_rules


def partial_text(rule: Elementwise, partial: Expression | None) -> str:
    """Return the text of one partial; a dash where there is no derivative."""
    result = "z" if "y" in rule.arguments else "y"
    return "-" if partial is None else f"`{text(partial, rule.arguments, result)}`"


def row(rule: Elementwise) -> str:
    """Return the row of `rule`."""
    module = getattr(rule.function, "__module__", "numpy").replace("numpy", "np")
    partials = ", ".join(partial_text(rule, partial) for partial in rule.partials)
    intervals = zip(rule.arguments, rule.domain, strict=True)
    domain = ", ".join(f"{a} in [{d[0]:g}, {d[1]:g}]" for a, d in intervals if d != REALS)
    name = f"{module}.{rule.function.__name__}({', '.join(rule.arguments)})"
    return f"| `{name}` | {partials} | {domain} | {rule.kink} | {'yes' if rule.singular else ''} |"


def table() -> str:
    """Return the table of all rules."""
    head = "| function | partials | domain | at kinks | singular |\n| --- | --- | --- | --- | --- |"
    return "\n".join([head, *map(row, all_rules())])


if __name__ == "__main__":
    print(table())
