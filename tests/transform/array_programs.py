"""Random programs of array statements: views, overlaps, broadcasts, sums, writes in loops."""

import random

HEAD = "import numpy as np\n\n\ndef f(s, x, y, A, B):\n"
ROWS, COLUMNS = "A.shape[0]", "A.shape[1]"
SECTIONS = {
    "n": ["{}", "{}[:]", "{}[::-1]"],
    "m": ["{}", "{}[:]", "{}[::-1]"],
    "n-1": ["{}[1:]", "{}[:-1]", "{}[-1:0:-1]", "{}[:][1:]"],
}
MATRICES = ["{}", "{}[:, :]", "{}[::-1]", "{}[:, ::-1]", "{}.T.T", "{}[:, ::1][::1]"]
UNARY = ["np.sin({})", "np.exp(-{} * {})", "(-{})", "np.abs({})", "(({} > 0.1) * 1.0)", "({}**2)"]
BINARY = ["({} + {})", "({} - {})", "({} * {})", "np.maximum({}, {})"]
BINARY += ["np.where({0} > {1}, 0.5, {1})"]


class Maker:
    """Writes one program; `vectors` maps names to the extent that they have."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.vectors = {"x": "n", "y": "m"}
        self.matrices = ["A", "B"]
        self.scalars = ["s", "0.3"]
        self.lines: list[str] = []
        self.count = 0

    def pick(self, items: list[str]) -> str:
        return self.random.choice(items)

    def fresh(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def vector(self, extent: str, depth: int) -> str:
        """Return an expression with one axis."""
        roll = self.random.random()
        if depth == 0 or roll < 0.2:
            return self.section(extent)
        if roll < 0.4:
            part = self.vector(extent, depth - 1)
            return self.pick(UNARY).format(part, part)
        if roll < 0.5 and extent in "nm":
            axis = "1" if extent == "n" else "0"
            return f"np.sum({self.matrix(depth - 1)}, axis={axis})"
        if roll < 0.6:
            return f"({self.scalar(depth - 1)} * {self.vector(extent, depth - 1)})"
        left, right = self.vector(extent, depth - 1), self.vector(extent, depth - 1)
        return self.pick(BINARY).format(left, right)

    def section(self, extent: str) -> str:
        whole = "n" if extent == "n-1" else extent
        names = [name for name, has in self.vectors.items() if has == whole]
        if extent == "n" and self.random.random() < 0.3:
            return f"{self.pick(self.matrices)}[:, {self.pick(['0', '-1'])}]"
        if extent == "m" and self.random.random() < 0.3:
            return f"{self.pick(self.matrices)}[{self.pick(['0', '-1', '1'])}]"
        return self.pick(SECTIONS[extent]).format(self.pick(names))

    def matrix(self, depth: int) -> str:
        """Return an expression with two axes."""
        roll = self.random.random()
        if depth == 0 or roll < 0.25:
            return self.pick(MATRICES).format(self.pick(self.matrices))
        if roll < 0.4:
            part = self.matrix(depth - 1)
            return self.pick(UNARY).format(part, part)
        if roll < 0.5:
            return f"({self.vector('n', depth - 1)}[:, None] * {self.matrix(depth - 1)})"
        if roll < 0.6:
            return f"({self.matrix(depth - 1)} - {self.vector('m', depth - 1)})"
        if roll < 0.7:
            axis = self.pick(["0", "1", "(0, 1)"])
            inner = self.matrix(depth - 1)
            return f"(A + np.sum({inner}, axis={axis}, keepdims=True))"
        return self.pick(BINARY).format(self.matrix(depth - 1), self.matrix(depth - 1))

    def scalar(self, depth: int) -> str:
        roll = self.random.random()
        if depth <= 0 or roll < 0.5:
            return self.pick(self.scalars)
        if roll < 0.8:
            return f"np.tanh(np.sum({self.vector('n', depth - 1)}))"
        return f"np.cos(np.sum({self.matrix(depth - 1)}))"

    def statement(self, indent: str, nested: bool) -> None:
        """Write a statement; names are bound outside of loops and branches only."""
        forms = [self.write_vector, self.write_vector, self.write_matrix, self.write_element]
        if not nested:
            forms += [self.bind_vector, self.bind_matrix, self.bind_scalar, self.bind_view]
            forms += [self.nest]
        self.random.choice(forms)(indent)

    def emit(self, indent: str, text: str) -> None:
        self.lines.append(f"{indent}{text}")

    def write_vector(self, indent: str) -> None:
        extent = self.pick(["n", "m", "n-1", "n-1"])
        sign = self.pick(["=", "+=", "-=", "*="])
        target = self.section(extent)
        target = target if target.endswith("]") else f"{target}[:]"
        self.emit(indent, f"{target} {sign} np.tanh({self.vector(extent, 2)})")

    def write_matrix(self, indent: str) -> None:
        target = self.pick([*MATRICES[1:4], "{}.T[:, :]"]).format(self.pick(self.matrices))
        value = self.vector("m", 2) if self.random.random() < 0.3 else self.matrix(2)
        value = f"{value} + np.zeros((A.shape[0], 1))" if ".T[" in target else value
        turned = f"({value}).T" if ".T[" in target else value
        self.emit(indent, f"{target} {self.pick(['=', '+='])} np.sin({turned})")

    def write_element(self, indent: str) -> None:
        name = self.pick(list(self.vectors))
        self.emit(indent, f"{name}[{self.pick(['0', '-1', '1'])}] += {self.scalar(2)}")

    def bind_vector(self, indent: str) -> None:
        extent, name = self.pick(["n", "m"]), self.fresh("v")
        self.emit(indent, f"{name} = 0.5 * {self.vector(extent, 3)}")
        self.vectors[name] = extent

    def bind_matrix(self, indent: str) -> None:
        name = self.fresh("M")
        self.emit(indent, f"{name} = np.cos({self.matrix(3)})")
        self.matrices.append(name)

    def bind_scalar(self, indent: str) -> None:
        name = self.fresh("c")
        self.emit(indent, f"{name} = np.sin({self.scalar(3)})")
        self.scalars.append(name)

    def bind_view(self, indent: str) -> None:
        if self.random.random() < 0.5:
            name, extent = self.fresh("w"), self.pick(["n", "m"])
            self.emit(indent, f"{name} = {self.section(extent)}")
            self.vectors[name] = extent
        else:
            name, base = self.fresh("W"), self.pick(self.matrices)
            self.emit(indent, f"{name} = {self.pick(MATRICES).format(base)}")
            self.matrices.append(name)

    def nest(self, indent: str) -> None:
        head = self.pick(["for t in range(2):", "if s > 0.2:", "for t in range(B.shape[0] - 3):"])
        self.emit(indent, head)
        for _ in range(self.random.randint(1, 3)):
            self.statement(indent + "    ", nested=True)


def program(seed: int) -> str:
    """Return the text of a function `f(s, x, y, A, B)` that gives a number."""
    maker = Maker(seed)
    for _ in range(maker.random.randint(2, 9)):
        maker.statement("    ", nested=False)
    parts = [f"np.sum({name} * {name})" for name in (*maker.vectors, *maker.matrices)]
    maker.emit("    ", f"return {' + '.join([*parts, *maker.scalars[2:]])}")
    return HEAD + "\n".join(maker.lines) + "\n"
