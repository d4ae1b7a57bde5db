"""One timed PyTorch training run for bench/train.ts: prints one JSON line.

Arguments as JSON: queries, documents (files of int32 [n, length]), length, rows, dim, hidden, output (hidden 0: no
dense layers), batch, mode ("dense": the published formulation, dense Adam over everything with float64 targets;
"sparse": EmbeddingBag(sparse) + SparseAdam, Adam for the towers), threads, seconds.
"""
import json
import sys
import time

import numpy as np
import torch
from torch import nn

o = json.loads(sys.argv[1])
torch.set_num_threads(o["threads"])
torch.manual_seed(0)
length, batch, dense = o["length"], o["batch"], o["mode"] == "dense"
queries, documents = (
    torch.from_numpy(np.fromfile(o[side], np.int32).reshape(-1, length).astype(np.int64))
    for side in ("queries", "documents")
)
table = nn.EmbeddingBag(o["rows"], o["dim"], mode="mean", padding_idx=0, sparse=not dense)


def tower():
    if o["hidden"] == 0:
        return nn.Identity()
    return nn.Sequential(nn.Linear(o["dim"], o["hidden"]), nn.ReLU(), nn.Linear(o["hidden"], o["output"]))


towers = [tower(), tower()]
weights = [p for t in towers for p in t.parameters()]
if dense:
    optimizers = [torch.optim.Adam(list(table.parameters()) + weights, lr=0.01)]
else:
    optimizers = [torch.optim.SparseAdam(list(table.parameters()), lr=0.01)]
    if weights:
        optimizers.append(torch.optim.Adam(weights, lr=0.01))
target = torch.tensor(np.eye(batch)) if dense else torch.arange(batch)
steps = 0


def step():
    global steps
    at = steps % (len(queries) // batch) * batch
    steps += 1
    q = towers[0](table(queries[at : at + batch]))
    d = towers[1](table(documents[at : at + batch]))
    if dense:
        eps = 1e-8 * torch.ones(batch, 1)
        q = q / torch.max(q.norm(dim=1)[:, None], eps)
        d = d / torch.max(d.norm(dim=1)[:, None], eps)
    else:
        q, d = nn.functional.normalize(q), nn.functional.normalize(d)
    loss = nn.functional.cross_entropy(torch.mm(q, d.t()) / 0.1, target)
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    return loss.item()


for _ in range(2 if dense else 10):
    step()
wall, cpu, done, fastest = time.perf_counter(), time.process_time(), 0, float("inf")
while time.perf_counter() - wall < o["seconds"]:
    began = time.perf_counter()
    step()
    fastest = min(fastest, time.perf_counter() - began)
    done += 1
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps({"pairsPerSecond": done * batch / wall, "pairsPerCpuSecond": done * batch / cpu, "best": batch / fastest}))
