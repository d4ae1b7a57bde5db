"""Executes notebooks headless and writes <out>/NAME.ipynb and NAME.html, also of a notebook that fails.

    .venv/bin/python tools/notebooks.py [--small] [--params '{"epochs": 3}'] [--jobs 2] [--timeout 600]
                                        [--out reports/notebooks] [--json summary.json] [NOTEBOOK ...]

Stops a notebook at the first cell that throws (or does not type-check), prints that cell with its output, and
goes on with the other notebooks. Exit code 1 if any failed. `--small` sets each notebook's own small parameters,
its metadata.qdrl.ci. Parameters go into a new cell after the one tagged `parameters` (papermill's convention):
that cell declares defaults with `let`, the new one assigns. Needs nbclient and nbconvert, of Debian 12 or newer.
"""

import argparse
import json
import os
import pathlib
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from with_parent import end_with, end_with_starter  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
KERNEL = "tslab"
# run after the last cell: errors that its timers and promises throw within this time still count (the strict
# kernel then fails this cell with them)
LAST_WAIT = "await new Promise((done) => setTimeout(done, 150));"
IDENTIFIER = re.compile(r"^[A-Za-z_$][\w$]*$")


class Unusable(Exception):
    """The notebook cannot be run as asked; the message says why."""


def inject(nb, parameters):
    """Puts the assignments after the cell tagged `parameters`; changes nb. No parameters: nothing to do."""
    import nbformat

    if not parameters:
        return
    for index, cell in enumerate(nb.cells):
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", []):
            for name in parameters:
                if not IDENTIFIER.match(name) or not re.search(rf"\blet\b[^;]*?(?<![\w$]){re.escape(name)}(?![\w$])", cell.source):
                    raise Unusable(f'parameter "{name}" is not declared with `let` in the cell tagged `parameters`')
            lines = [f"{name} = {json.dumps(value)};" for name, value in parameters.items()]
            new = nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": ["injected-parameters"]})
            nb.cells.insert(index + 1, new)
            return
    raise Unusable("parameters given, but no code cell is tagged `parameters`")


def cell_text(cell):
    """What a cell printed, errors included."""
    parts = []
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            parts.append("\n".join(output.traceback) or f"{output.ename}: {output.evalue}")
        elif output.output_type == "stream":
            parts.append(output.text)
    return "".join(part if part.endswith("\n") else part + "\n" for part in parts)


def run_one(path, options):
    """Runs one notebook; returns a plain summary. Never raises for a failing notebook."""
    import nbformat

    started = time.monotonic()
    label = name_of(path)
    say = progress_printer(label, options["heartbeat"])
    failed_cell, error, nb = None, None, None
    try:
        nb = nbformat.read(path, as_version=4)
        small = nb.metadata.get("qdrl", {}).get("ci", {}) if options["small"] else {}
        inject(nb, {**small, **options["params"]})
    except Unusable as problem:
        error = str(problem)
    except Exception as problem:  # not JSON, not a notebook
        error = f"cannot be read: {problem}".splitlines()[0]
    if error is None:
        error, failed_cell = execute(nb, path, options["timeout"], say)
        out = pathlib.Path(options["out"])
        out.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, out / path.name)
        try:
            write_html(nb, out / f"{path.stem}.html", path.stem)
        except Exception as problem:
            error = error or f"no HTML: {type(problem).__name__}: {problem}"
    report = ""
    if failed_cell is not None:
        cell = nb.cells[failed_cell]
        shown = cell_text(cell)[-4000:].rstrip()
        report = f"--- cell {failed_cell + 1} of {len(nb.cells)}\n{cell.source}\n--- its output\n{shown}\n---"
    return {
        "notebook": label,
        "ok": error is None,
        "error": error,
        "cell": None if failed_cell is None else failed_cell + 1,
        "seconds": round(time.monotonic() - started, 1),
        "report": report,
    }


def execute(nb, path, timeout, say):
    """Runs all cells in place. Returns (None, None), or the error in words and the index of its cell."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    os.environ["QDRL_NOTEBOOK"] = name_of(path)
    count = len(nb.cells)
    nb.cells.append(nbformat.v4.new_code_cell(LAST_WAIT))
    position = {"cell": None}

    def starting(cell, cell_index):
        position["cell"] = cell_index
        if cell_index < count:
            say(cell_index + 1, count)

    client = NotebookClient(
        nb, timeout=timeout, kernel_name=KERNEL, resources={"metadata": {"path": str(ROOT)}}, shutdown_kernel="immediate"
    )
    client.on_cell_start = starting
    error = None
    try:
        client.execute()
    except CellExecutionError as problem:
        error = f"{problem.ename}: {problem.evalue}".splitlines()[0]
    except CellTimeoutError:
        error = f"no end after {timeout} s"
    except DeadKernelError:
        error = "the kernel died"
    except RuntimeError as problem:  # "Kernel didn't respond in 60 seconds"
        error = str(problem)
    after_last = nb.cells.pop()
    code_cells = [index for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]
    if code_cells:
        nb.cells[code_cells[-1]].outputs.extend(after_last.get("outputs", []))
    for cell in nb.cells:
        cell.metadata.pop("execution", None)  # clock values
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.outputs = [output for output in cell.outputs if output.output_type == "error"]
    if error is None:
        return None, None
    at = position["cell"]
    return error, at if at is not None and at < count else (code_cells[-1] if code_cells else None)


def write_html(nb, target, title):
    """One file that opens offline (templates/report)."""
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    config = Config()
    config.HTMLExporter.template_name = "report"
    config.HTMLExporter.extra_template_basedirs = [str(ROOT / "tools/templates")]
    config.HTMLExporter.extra_template_paths = [str(ROOT / "node_modules/.cache/qdrl")]
    body, _ = HTMLExporter(config=config).from_notebook_node(nb, {"metadata": {"name": title}})
    target.write_text(body, encoding="utf8")


def progress_printer(label, heartbeat):
    """Tells which cell runs, but not more often than every `heartbeat` seconds."""
    last = [time.monotonic()]

    def say(cell, count):
        if time.monotonic() - last[0] >= heartbeat:
            last[0] = time.monotonic()
            print(f"  …  {label}: cell {cell} of {count}", flush=True)

    return say


def named(path):
    """A notebook's file: a path, or the name of one in notebooks/, with or without .ipynb."""
    inside = ROOT / "notebooks" / path
    candidates = [path, path.with_name(path.name + ".ipynb"), inside, inside.with_name(path.name + ".ipynb")]
    return next((file.resolve() for file in candidates if file.is_file()), path.resolve())


def name_of(path):
    try:
        return path.relative_to(ROOT).as_posix()
    except ValueError:
        return path.name


def parameters(text):
    try:
        value = json.loads(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"must be JSON, got {text} ({problem})")
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"must be a JSON object, got {text}")
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="each notebook's metadata.qdrl.ci")
    parser.add_argument("--params", type=parameters, default={}, help="JSON object, wins over --small")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (default 2)")
    parser.add_argument("--timeout", type=int, default=600, help="seconds for one cell (default 600)")
    parser.add_argument("--out", default=None, help="default reports/notebooks; reports/notebooks-small with --small")
    parser.add_argument("--json", default=None, help="write the summaries there")
    parser.add_argument("notebooks", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    end_with_starter()

    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(ROOT / ".jupyter"), os.environ.get("JUPYTER_PATH")]))
    os.environ["QDRL_STRICT_KERNEL"] = "1"
    if args.small:
        os.environ.setdefault("QDRL_FIGURES", "live")  # a check needs no pictures, which cost a browser per notebook
    paths = [named(path) for path in args.notebooks] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    missing = [path for path in paths if not path.is_file()]
    if missing:
        known = ", ".join(file.stem for file in sorted((ROOT / "notebooks").glob("*.ipynb")))
        sys.exit(f"notebooks: no such file: {name_of(missing[0])}; known: {known}")
    options = {
        "small": args.small,
        "params": args.params,
        "timeout": args.timeout,
        "out": args.out or str(ROOT / ("reports/notebooks-small" if args.small else "reports/notebooks")),
        "heartbeat": 10,
    }
    results = []
    # a worker ends when this process is gone: nbclient catches SIGTERM, and its kernel ends with the worker
    with ProcessPoolExecutor(
        max_workers=max(1, min(args.jobs, len(paths))),
        mp_context=get_context("spawn"),
        initializer=end_with,
        initargs=(os.getpid(), True),
    ) as pool:
        running = [pool.submit(run_one, path, options) for path in paths]
        for future in as_completed(running):
            result = future.result()
            results.append(result)
            print(f"{'ok  ' if result['ok'] else 'FAIL'} {result['notebook']}  {result['seconds']} s", flush=True)
            if not result["ok"]:
                print(f"     {result['error']}\n{result['report']}", flush=True)
    results.sort(key=lambda result: result["notebook"])
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(results, indent=1), encoding="utf8")
    sys.exit(0 if all(result["ok"] for result in results) else 1)


if __name__ == "__main__":
    main()
