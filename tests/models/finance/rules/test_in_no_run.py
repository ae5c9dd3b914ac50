"""Which rules no run posts: those that the page of the rules names, and no others."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parents[4]
FOLDER = HERE / "models" / "finance" / "rules"
RULES = "models.finance.rules"
Name = tuple[str, str]  #: module of the rules, and a name in it


@cache
def public() -> dict[Name, ast.stmt]:
    """Every definition of the rules by module and name."""
    return {
        (path.stem, node.name): node
        for path in FOLDER.glob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }


def imported(tree: ast.AST, own: str = "") -> dict[str, str]:
    """What a file calls a module of the rules (`name -> module`), or something in one (`name -> module.name`)."""
    found = {name: f"{module}.{name}" for module, name in public() if module == own}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == RULES:
            found |= {a.asname or a.name: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{RULES}."):
            found |= {a.asname or a.name: f"{str(node.module).rpartition('.')[2]}.{a.name}" for a in node.names}
    return found


def named(node: ast.AST, known: dict[str, str]) -> set[str]:
    """What of the rules is named below a node; a local variable of the same name is none of them."""
    here = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    local = {n.id for n in here if isinstance(n.ctx, ast.Store)}
    found = {known[n.id] for n in here if n.id in known and n.id not in local}
    parts = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
    return found | {f"{known[n.value.id]}.{n.attr}" for n in parts if n.value.id in known}


def in_no_run() -> set[str]:
    """Public functions of the rules that nothing in `models` calls, directly or through another rule."""
    nodes, used = public(), set()
    for path in (HERE / "models").rglob("*.py"):
        if path.parent != FOLDER:
            tree = ast.parse(path.read_text("utf-8"))
            known = imported(tree)
            used |= {one for node in tree.body for one in named(node, known)}
    known = {path.stem: imported(ast.parse(path.read_text("utf-8")), path.stem) for path in FOLDER.glob("*.py")}
    waiting = list(used)
    while waiting:
        module, _, name = waiting.pop().partition(".")
        if (module, name) in nodes:
            more = named(nodes[module, name], known[module]) - used
            used |= more
            waiting += more
    return {
        f"{module}.{name}"
        for (module, name), node in nodes.items()
        if isinstance(node, ast.FunctionDef)
        and not name.startswith("_")
        and f"{module}.{name}" not in used
        and module != "settings"  # reads the constants, and is no rule
    }


def test_the_page_names_every_rule_that_no_run_posts_and_no_other() -> None:
    page = (HERE / "docs" / "money_rules.md").read_text("utf-8")
    section = page.partition("## In no run")[2].partition("\n## ")[0]
    told = set()
    for module, names in re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE):
        told |= {f"{module}.{name}" for name in re.findall(r"`(\w+)`", names)}
    assert told == in_no_run()
