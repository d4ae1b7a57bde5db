"""Teaches papermill to write parameters in TypeScript: `papermill -k tslab in.ipynb out.ipynb -p epochs 3`.

The set-up puts this folder on the environment's path (a .pth file); papermill then finds the engine by its entry point
when it starts, and loading that registers the translator.
"""

import json
import re

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

# name, type and (the first line of) the default of `let epochs: number = 3;`
DECLARATION = re.compile(r"\blet\s+([\w$]+)\s*(?::\s*([^=;]+?))?\s*=\s*(.*?)(?=;|$)", re.MULTILINE)


class TypeScriptTranslator(Translator):
    """Assigns to what the cell tagged `parameters` declares with `let`."""

    @classmethod
    def translate(cls, val):
        return json.dumps(val, ensure_ascii=False, allow_nan=False)

    @classmethod
    def inspect(cls, parameters_cell):
        return [
            Parameter(name, (kind or "None").strip(), default, "")
            for name, kind, default in DECLARATION.findall(parameters_cell["source"])
        ]

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        return f"{name} = {str_val};"


class TypeScriptEngine(NBClientEngine):
    """papermill's own engine; its entry point is what loads this module."""


for name in ("tslab", "typescript"):
    papermill_translators.register(name, TypeScriptTranslator)
