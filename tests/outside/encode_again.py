"""Encodes a fixture's texts again with Hugging Face's tokenizers: python encode_again.py tokenizer.json. Prints what differs
and, at the end, how many texts there were. The vocabulary is the fixture's own: learning one is not repeatable."""
import json
import sys

from tokenizers import Tokenizer

count = 0
for case in json.load(open(sys.argv[1], encoding="utf8"))["cases"]:
    saved = case["json"]
    saved["model"]["vocab"] = {piece: i for i, piece in enumerate(case["vocabulary"])}
    tokenizer = Tokenizer.from_str(json.dumps(saved))
    for single in case["singles"]:
        count += 1
        if tokenizer.encode(single["text"]).ids != single["ids"]:
            print("differs:", case["name"], repr(single["text"]))
    for pair in case["pairs"]:
        count += 1
        tokenizer.enable_truncation(pair["limit"])
        both, first = tokenizer.encode(pair["first"], pair["second"]), tokenizer.encode(pair["first"])
        if (both.ids, both.type_ids, first.ids) != (pair["ids"], pair["typeIds"], pair["single"]):
            print("differs:", case["name"], pair["first"], "|", pair["second"], pair["limit"])
        tokenizer.no_truncation()
print(count)
