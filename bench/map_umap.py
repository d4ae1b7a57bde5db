"""umap-learn's seeded map of the unit rows in DIR/points, written to DIR/map; called by bench/map.ts.

Compiled code is warmed on 5,000 points first. Euclidean distance of unit rows, as the project's own.
"""

import json
import pathlib
import sys
import time

import numpy
import umap

folder, dim, neighbours = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
points = numpy.fromfile(folder / "points", numpy.float32).reshape(-1, dim)


def fit(rows):
    return umap.UMAP(n_neighbors=neighbours, random_state=1, n_jobs=1).fit_transform(rows)


fit(points[:5000])
start, cpu = time.perf_counter(), time.process_time()
placed = fit(points)
seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
placed.astype(numpy.float32).tofile(folder / "map")
print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds}))
