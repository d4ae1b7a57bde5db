"""PyTorch's side of transformer-step.ts: reads "STEPS" lines, trains that many steps, answers seconds per step."""
import sys, time
import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)
V, D, H, L, B, TQ, TD = 8000, 128, 4, 2, 32, 16, 64


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions, self.types = nn.Embedding(V, D), nn.Embedding(512, D), nn.Embedding(2, D)
        self.norm = nn.LayerNorm(D, eps=1e-12)
        layer = nn.TransformerEncoderLayer(D, H, 4 * D, dropout=0.0, activation="gelu", layer_norm_eps=1e-12, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, L)

    def forward(self, ids):
        at = torch.arange(ids.shape[1])
        x = self.norm(self.words(ids) + self.positions(at) + self.types(torch.zeros_like(ids)))
        return nn.functional.normalize(self.layers(x).mean(1), dim=1)


model = Bert().train()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
queries, documents = torch.randint(5, V, (64, B, TQ)), torch.randint(5, V, (64, B, TD))
step = 0
for line in sys.stdin:
    count = int(line)
    began = time.perf_counter()
    for _ in range(count):
        scores = model(queries[step % 64]) @ model(documents[step % 64]).T / 0.05
        loss = nn.functional.cross_entropy(scores, torch.arange(B))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
    print((time.perf_counter() - began) / count, flush=True)
