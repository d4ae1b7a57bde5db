"""A bag of words in plain PyTorch for bench/bag.ts: trains, writes its table as float32 [rows, dim], prints seconds.

Arguments as JSON: folder (queries.i32, documents.i32: distinct texts [n, length], 0 = padding; query_of.i32, document_of.i32: the
pairs), length, rows, dim, std, epochs, batch, rate, temperature, mask (whether other known positives of a query are left out), seed,
threads, output (file).
"""
import json
import sys
import time

import numpy as np
import torch
from torch import nn

o = json.loads(sys.argv[1])
torch.set_num_threads(o["threads"])
torch.manual_seed(o["seed"])


def read(name):
    return torch.from_numpy(np.fromfile(f"{o['folder']}/{name}.i32", np.int32).astype(np.int64))


queries, documents = read("queries").view(-1, o["length"]), read("documents").view(-1, o["length"])
query_of, document_of = read("query_of"), read("document_of")
known = torch.unique(query_of * len(documents) + document_of)
table = nn.EmbeddingBag(o["rows"], o["dim"], mode="mean", padding_idx=0, sparse=True)
with torch.no_grad():
    table.weight.mul_(o["std"])  # nn.EmbeddingBag starts at N(0, 1)
optimizer = torch.optim.SparseAdam(list(table.parameters()), lr=o["rate"])
began, cpu = time.perf_counter(), time.process_time()
for _ in range(o["epochs"]):
    order = torch.randperm(len(query_of))
    for start in range(0, len(order), o["batch"]):
        at = order[start : start + o["batch"]]
        qs, ds = query_of[at], document_of[at]
        q = nn.functional.normalize(table(queries[qs]))
        d = nn.functional.normalize(table(documents[ds]))
        scores = q @ d.t() / o["temperature"]
        if o["mask"]:
            keys = qs[:, None] * len(documents) + ds[None, :]
            found = known[torch.searchsorted(known, keys).clamp(max=len(known) - 1)] == keys
            scores = scores.masked_fill(found & ~torch.eye(len(at), dtype=torch.bool), float("-inf"))
        loss = nn.functional.cross_entropy(scores, torch.arange(len(at)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
table.weight.detach().numpy().tofile(o["output"])
print(json.dumps({"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu, "loss": loss.item()}))
