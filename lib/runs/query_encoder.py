"""Encodes queries by an exported encoder, outside qdrl: numpy and onnxruntime; `regex` for texts beyond ASCII read by the
cleaning "unicode", and `tokenizers` for transformers.

    from query_encoder import QueryEncoder
    vectors = QueryEncoder("encoder").encode(["red sneaker"])   # float32 [1, dim], of length 1

Texts become ids exactly as they did in training: see `vectorizer.json`, which lies beside this file.
"""
import hashlib
import json
import os
import re
import unicodedata


def clean_published(text):
    text = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L")).lower()
    return re.sub(r"[^a-z0-9 ]+", "", text).strip()


ASCII_WORDS = re.compile(r"(?:[a-z0-9]|(?<=[0-9])[.,](?=[0-9]))+(?:(?<=[a-z])(?:\+\+|#)(?![a-z0-9+#]))?")
UNSPACED = "".join(
    r"\p{scx=%s}" % script for script in ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar", "Hangul"]
)


def clean_unicode(text):
    if text.isascii():
        return " ".join(ASCII_WORDS.findall(text.lower()))
    import regex

    folded = re.sub("[ıİ]", "i", unicodedata.normalize("NFKC", text)).lower().upper().lower().replace("ς", "σ")
    folded = unicodedata.normalize("NFKC", folded).replace("\u200b", " ")
    folded = regex.sub(r"\p{Cf}", "", folded)
    words = (
        r"(?:(?=[%s])[\p{L}\p{M}\p{N}])+|(?:(?![%s])[\p{L}\p{M}\p{N}]|(?<=\p{N})[.,](?=\p{N}))+"
        r"(?:(?<=\p{L})(?:\+\+|#)(?![\p{L}\p{N}+#]))?" % (UNSPACED, UNSPACED)
    )
    return " ".join(regex.findall(words, folded))


def segment_unicode(cleaned):
    """Words; those of scripts without spaces as characters (a letter with its marks) and pairs of them."""
    if cleaned == "" or cleaned.isascii():
        return cleaned
    import regex

    tokens = []
    for word in cleaned.split(" "):
        if not regex.search("[%s]" % UNSPACED, word):
            tokens.append(word)
            continue
        characters = regex.findall(r"\P{M}\p{M}*|\p{M}+", word)
        for i, character in enumerate(characters):
            tokens.append(character)
            if i + 1 < len(characters):
                tokens.append(character + characters[i + 1])
    return " ".join(tokens)


def units(text):
    """UTF-16 units, which n-grams are counted in."""
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[i] | data[i + 1] << 8 for i in range(0, len(data), 2)]


def from_units(some):
    return b"".join(unit.to_bytes(2, "little") for unit in some).decode("utf-16-le", "surrogatepass")


class Vectorizer:
    """Texts to ids by the words, n-grams and hashes of `vectorizer.json`; 0 is padding."""

    def __init__(self, spec):
        self.spec = spec
        self.known = spec.get("dictionary", {})

    def clean(self, text):
        return clean_unicode(text) if self.spec["cleaning"] == "unicode" else clean_published(text)

    def segment(self, cleaned):
        return segment_unicode(cleaned) if self.spec["cleaning"] == "unicode" else cleaned

    def hashed(self, token, first, buckets):
        # a lone surrogate is written as U+FFFD, as in every encoder of UTF-8
        data = token.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")
        return int.from_bytes(hashlib.md5(data).digest(), "big") % (buckets - 1) + first + 1

    def id(self, token):
        known = self.known.get(token)
        return self.hashed(token, len(self.known), self.spec["numOovTokens"]) if known is None else known

    def ids(self, text):
        cleaned = self.clean(text)
        return getattr(self, self.spec["kind"])(cleaned)

    def hashing(self, cleaned):
        spec = self.spec
        words = self.segment(cleaned).split(" ")[: spec["maxLength"]]
        return padded([self.hashed(word, spec.get("offset", 0), spec["numFeatures"]) for word in words], spec["maxLength"])

    def dictionary(self, cleaned):
        spec = self.spec
        limits = [spec["wordUnigramsLimit"], spec["wordBigramsLimit"], spec["charTrigramsLimit"]]
        if cleaned == "" and spec.get("emptyText") == "empty":
            return [0] * sum(limits)
        words = self.segment(cleaned).split(" ")
        bigrams = [a + " " + b for a, b in zip(words, words[1:])]
        trigrams = [cleaned[i : i + 3] for i in range(len(cleaned) - 2)]
        blocks = zip([words, bigrams, trigrams], limits)
        return [id for tokens, limit in blocks for id in padded([self.id(token) for token in tokens[:limit]], limit)]

    def subword(self, cleaned):
        spec = self.spec
        words_left, ngrams_left, ids = spec["wordsLimit"], spec["ngramsLimit"], []
        for word in self.segment(cleaned).split(" "):
            if word == "":
                continue
            if words_left > 0:
                ids.append(self.id(word))
                words_left -= 1
            grams = self.ngrams(word)[:ngrams_left]
            ids.extend(grams)
            ngrams_left -= len(grams)
        return padded(ids, spec["wordsLimit"] + spec["ngramsLimit"])

    def ngrams(self, word):
        """32-bit FNV-1a over UTF-16 units, begun with the length."""
        spec, letters, ids = self.spec, units("<" + word + ">"), []
        first = len(self.known) + spec["numOovTokens"]
        for n in range(spec["minLength"], spec["maxLength"] + 1):
            for i in range(len(letters) - n + 1):
                value = 0x811C9DC5 ^ n
                for unit in letters[i : i + n]:
                    value = ((value ^ unit) * 0x01000193) & 0xFFFFFFFF
                ids.append(first + (value ^ value >> 15) % spec["buckets"])
        return ids


def padded(ids, length):
    return ids[:length] + [0] * (length - len(ids))


class QueryEncoder:
    def __init__(self, folder):
        import onnxruntime

        with open(os.path.join(folder, "vectorizer.json"), encoding="utf-8") as file:
            self.spec = json.load(file)
        with open(os.path.join(folder, "onnx.json"), encoding="utf-8") as file:
            self.inputs = json.load(file)["query"]["inputs"]
        self.session = onnxruntime.InferenceSession(
            os.path.join(folder, "query.onnx"), providers=["CPUExecutionProvider"]
        )
        if self.spec["kind"] == "word_pieces":
            from tokenizers import BertWordPieceTokenizer

            place = os.path.join(folder, self.spec["folder"])
            with open(os.path.join(place, "tokenizer_config.json"), encoding="utf-8") as file:
                lower = json.load(file).get("do_lower_case", True)
            self.tokenizer = BertWordPieceTokenizer(os.path.join(place, "vocab.txt"), lowercase=lower)
            self.tokenizer.enable_truncation(self.spec["maxLength"])
            self.tokenizer.enable_padding()
        else:
            self.vectorizer = Vectorizer(self.spec)

    def encode(self, texts):
        """float32 [texts, dim], rows of length 1."""
        import numpy

        if self.spec["kind"] == "word_pieces":
            read = self.tokenizer.encode_batch(list(texts))
            parts = {
                "input_ids": [one.ids for one in read],
                "attention_mask": [one.attention_mask for one in read],
                "token_type_ids": [one.type_ids for one in read],
            }
        else:
            parts = {"ids": [self.vectorizer.ids(text) for text in texts]}
        feeds = {one["name"]: numpy.array(parts[one["part"]], dtype=numpy.int64) for one in self.inputs}
        (vectors,) = self.session.run(None, feeds)
        lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / numpy.where(lengths == 0, 1, lengths)
