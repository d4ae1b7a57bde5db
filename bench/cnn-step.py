"""PyTorch's side of cnn-step.ts: THREADS PAIRS SIZE; the same small ResNet; answers "STEPS" with seconds a step."""
import json, os, sys, time
import torch
from torch import nn

threads, B, SIZE = map(int, sys.argv[1:4])
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", threads)))
torch.manual_seed(1)


def conv(inputs, outputs, side, stride):
    return nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first, self.first_norm = conv(inputs, outputs, 3, stride), nn.GroupNorm(1, outputs)
        self.second, self.second_norm = conv(outputs, outputs, 3, 1), nn.GroupNorm(1, outputs)
        self.skip = nn.Identity() if stride == 1 and inputs == outputs else conv(inputs, outputs, 1, stride)

    def forward(self, x):
        y = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.skip(x) + self.second_norm(self.second(y)))


cnn = nn.Sequential(
    conv(3, 16, 3, 2), nn.GroupNorm(1, 16), nn.ReLU(), Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)
)
head = nn.Linear(64, 64)
parameters = [*cnn.parameters(), *head.parameters()]
optimizer = torch.optim.Adam(parameters, lr=1e-3)
pictures = torch.randn(16, B, 3, SIZE, SIZE)


def embed(x):
    return nn.functional.normalize(head(cnn(x).mean((2, 3))), dim=1)


step = 0
for line in sys.stdin:
    count = int(line)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        scores = embed(pictures[step % 8]) @ embed(pictures[8 + step % 8]).T / 0.1
        loss = nn.functional.cross_entropy(scores, torch.arange(B))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
    answer = {"wall": (time.perf_counter() - wall) / count, "cpu": (time.process_time() - cpu) / count}
    print(json.dumps(answer), flush=True)
