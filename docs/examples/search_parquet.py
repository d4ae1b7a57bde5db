"""Searches what `qdrl index push RUN --to parquet -o FOLDER` wrote: python search_parquet.py FOLDER "red sneaker"."""
import sys
import numpy, pyarrow.parquet

folder, query = sys.argv[1:3]
sys.path.insert(0, folder + "/encoder")
from query_encoder import QueryEncoder

rows = pyarrow.parquet.read_table(folder + "/documents.parquet", columns=["id", "name", "embedding"]).to_pydict()
scores = numpy.array(rows["embedding"], dtype=numpy.float32) @ QueryEncoder(folder + "/encoder").encode([query])[0]
for row in numpy.argsort(-scores, kind="stable")[:5]:
    print(f"{scores[row]:.4f} {rows['id'][row]} {rows['name'][row]}")
