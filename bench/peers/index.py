"""A flat inner-product index of faiss over the vectors in a file."""
import json
import sys
import time

import faiss
import numpy as np

faiss.omp_set_num_threads(1)
index = None

for line in sys.stdin:
    request = json.loads(line)
    if request["what"] == "build":
        vectors = np.fromfile(request["file"], np.float32).reshape(-1, request["dimensions"])
        start = time.perf_counter()
        index = faiss.IndexFlatIP(request["dimensions"])
        index.add(vectors)
        answer = {}
    else:
        query = vectors[request["row"]][None]
        start = time.perf_counter()
        _, rows = index.search(query, request["k"])
        answer = {"rows": rows[0].tolist()}
    print(json.dumps({"ms": (time.perf_counter() - start) * 1000, **answer}), flush=True)
