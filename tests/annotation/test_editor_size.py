"""The editor is there at once on a slow line."""

import gzip
import re
from pathlib import Path

from tests.environment import ROOT

SCRIPTS = ROOT / "static" / "js" / "annotation"
IMPORTED = re.compile(r'(?:from|import) "\./([^"]+)"')


def with_imports(name: str, seen: dict[str, bytes]) -> dict[str, bytes]:
    if name not in seen:
        seen[name] = Path(SCRIPTS / name).read_bytes()
        for other in IMPORTED.findall(seen[name].decode()):
            with_imports(other, seen)
    return seen


def test_the_editor_script_has_at_most_15_kilobytes():
    modules = with_imports("annotation-editor.js", {})

    assert {"box-canvas.js", "box-geometry.js", "draft-store.js"} <= modules.keys()
    # As they are sent: each module compressed by itself.
    assert sum(len(gzip.compress(content, 9)) for content in modules.values()) <= 15_000
