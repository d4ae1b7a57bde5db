"""sentence-transformers' side of minilm-encode.ts: FOLDER TEXTS.json THREADS; answers "BATCH FROM TO" with seconds."""
import json, os, sys, time
import torch
from sentence_transformers import SentenceTransformer

folder, file, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", threads)))
texts = json.load(open(file))
model = SentenceTransformer(folder, device="cpu")
for line in sys.stdin:
    batch, begin, end = (int(part) for part in line.split())
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = model.encode(texts[begin:end], batch_size=batch, show_progress_bar=False)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu, "vectors": vectors[:8].tolist()}), flush=True)
