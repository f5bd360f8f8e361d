"""The README shows what is generated for its example; `--update-golden` puts it there."""

import importlib.util
import re
from pathlib import Path

from tests.conftest import Golden

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"(?<=```python\n).*?(?=```)", re.DOTALL)


def test_readme_shows_what_is_generated(tmp_path: Path, golden: Golden) -> None:
    text = README.read_text(encoding="utf-8")
    primal, adjoint = BLOCK.finditer(text)
    path = tmp_path / "example.py"
    path.write_text(primal.group(), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("example", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    generated = module.df.source().rstrip() + "\n"
    golden(README, text[: adjoint.start()] + generated + text[adjoint.end() :])
