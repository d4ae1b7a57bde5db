"""The service from Python, by its OpenAPI alone: python client.py http://127.0.0.1:8080 shop.csv, with QDRL_TOKEN set."""
import json, os, sys, urllib.request

address, table = sys.argv[1:3]
def call(method, path, body=None, kind="application/json"):
    headers = {"authorization": "token " + os.environ["QDRL_TOKEN"], "content-type": kind}
    return urllib.request.urlopen(urllib.request.Request(address + path, body, headers, method=method))
run = "/api/v1/experiments/python/runs/first"
call("PUT", run + "/data/train", open(table, "rb").read(), "application/octet-stream")
call("POST", "/api/v1/experiments/python/runs", b'{"name": "first", "config": {"fit": {"epochs": 2}}}')
for line in call("GET", run + "/logstream"):
    print(line.decode().removeprefix("data: "), end="") if line.startswith(b"data: ") else None
found = json.load(call("POST", "/search", b'{"run": "python/first", "query": "red sneaker", "k": 3}'))
print([hit["name"] for hit in found["hits"]])
