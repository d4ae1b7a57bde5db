"""The other side of bench/search.ts and bench/search-hnsw.ts: FAISS and bm25s. One JSON command per line in, one JSON answer per line out."""

import json
import sys
import time

import numpy as np

state = {}


def measure(run, queries, batch, seconds):
    """Batches in turn for about that long: queries per second of wall and of CPU time, and of the fastest batch."""
    run(queries[:batch])
    start, cpu, done, best, at = time.perf_counter(), time.process_time(), 0, 0.0, 0
    while time.perf_counter() - start < seconds:
        if at + batch > len(queries):
            at = 0
        t = time.perf_counter()
        run(queries[at : at + batch])
        best = max(best, batch / (time.perf_counter() - t))
        at += batch
        done += batch
    return {"wall": done / (time.perf_counter() - start), "cpu": done / (time.process_time() - cpu), "best": best}


def vectors(path, dim):
    return np.fromfile(path, dtype="float32").reshape(-1, dim)


def handle(c):
    op = c["op"]
    if op == "versions":
        import bm25s
        import faiss

        state["blas"] = faiss.cvar.distance_compute_blas_threshold
        found = {"faiss": faiss.__version__, "bm25s": bm25s.__version__, "numpy": np.__version__}
        return found | {"faiss uses BLAS from": state["blas"], "faiss built for": faiss.get_compile_options().strip()}
    if op == "flat-build":
        import faiss

        index = faiss.IndexFlatIP(c["dim"])
        index.add(vectors(c["documents"], c["dim"]))
        state.update(index=index, queries=vectors(c["queries"], c["dim"]))
        return {}
    if op == "hnsw-build":
        import faiss

        faiss.omp_set_num_threads(c["threads"])
        index = faiss.IndexHNSWFlat(c["dim"], c["connectivity"], faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = c["expansionAdd"]
        start = time.process_time()
        index.add(vectors(c["documents"], c["dim"]))
        cpu = time.process_time() - start
        faiss.write_index(index, c["file"])
        return {"cpu": cpu}
    if op == "hnsw-load":
        import faiss

        state.update(hnsw=faiss.read_index(c["file"]), queries=vectors(c["queries"], c["dim"]))
        return {}
    if op in ("flat", "hnsw"):
        import faiss

        faiss.omp_set_num_threads(c["threads"])
        faiss.cvar.distance_compute_blas_threshold = c.get("blas", state["blas"])
        index = state["index" if op == "flat" else "hnsw"]
        if op == "hnsw":
            index.hnsw.efSearch = c["expansionSearch"]
        answer = measure(lambda q: index.search(q, c["k"]), state["queries"], c["batch"], c["seconds"])
        count = c.get("show", 0)
        answer["ids"] = index.search(state["queries"][:count], c["k"])[1].tolist() if count else []
        return answer
    if op == "bm25-build":
        import bm25s

        with open(c["documents"]) as file:
            documents = [line.split() for line in file]
        with open(c["queries"]) as file:
            state["texts"] = [line.split() for line in file]
        start = time.perf_counter()
        index = bm25s.BM25(k1=1.2, b=0.75, method="lucene", backend=c["backend"])
        index.index(documents, show_progress=False)
        state["bm25"] = index
        return {"seconds": time.perf_counter() - start}
    if op == "bm25":
        run = lambda texts: state["bm25"].retrieve(texts, k=c["k"], show_progress=False, n_threads=c["threads"])
        answer = measure(run, state["texts"], c["batch"], c["seconds"])
        count = c.get("show", 0)
        answer["scores"] = run(state["texts"][:count])[1].tolist() if count else []
        return answer
    raise ValueError(f"unknown op {op}")


for line in sys.stdin:
    try:
        print(json.dumps(handle(json.loads(line))), flush=True)
    except Exception as error:  # the other side decides what to make of it
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
