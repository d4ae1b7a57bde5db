"""PyTorch's side of transformer-step.ts: THREADS LAYERS WIDTH VOCABULARY PAIRS QUERY DOCUMENT; answers "STEPS" with seconds a step."""
import json, os, sys, time
import torch
from torch import nn

threads, L, D, V, B, TQ, TD = map(int, sys.argv[1:8])
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", threads)))
torch.manual_seed(1)


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions, self.types = nn.Embedding(V, D), nn.Embedding(512, D), nn.Embedding(2, D)
        self.norm = nn.LayerNorm(D, eps=1e-12)
        layer = nn.TransformerEncoderLayer(
            D, D // 32, 4 * D, dropout=0.0, activation="gelu", layer_norm_eps=1e-12, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, L)

    def forward(self, ids):
        at = torch.arange(ids.shape[1])
        x = self.norm(self.words(ids) + self.positions(at) + self.types(torch.zeros_like(ids)))
        return nn.functional.normalize(self.layers(x).mean(1), dim=1)


model = Bert().train()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
queries, documents = torch.randint(5, V, (64, B, TQ)), torch.randint(5, V, (64, B, TD))
step = 0
for line in sys.stdin:
    count = int(line)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        scores = model(queries[step % 64]) @ model(documents[step % 64]).T / 0.05
        loss = nn.functional.cross_entropy(scores, torch.arange(B))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
    answer = {"wall": (time.perf_counter() - wall) / count, "cpu": (time.process_time() - cpu) / count}
    print(json.dumps(answer), flush=True)
