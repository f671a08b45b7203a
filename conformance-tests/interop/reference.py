"""Runs calls of the Python library on a collection, for the test `interop`.

Reads one JSON object from standard input: `vector_store` as the library is
configured with it, `history` as the path of its history, and `calls`, a list of
`[method, arguments]`. Prints the list of what the calls returned; one that
raised is `{"raised": "TypeOfTheError"}`. The argument `"$3"` stands for the id of
the memory that the fourth call added. No model is asked: memories are stored
as said, and the embedder below is the test's own.
"""

import json
import math
import os
import sys
import time
import types
import zlib

# Some clients log to standard output, which is for the answer.
answer, sys.stdout = sys.stdout, sys.stderr
os.environ["MEM0_TELEMETRY"] = "False"
os.environ.setdefault("OPENAI_API_KEY", "none")

# Searches on Redis leave out stop words, by a list that is downloaded each time.
nltk = types.ModuleType("nltk")
nltk.download = lambda *_, **__: True
nltk.corpus = types.ModuleType("nltk.corpus")
nltk.corpus.stopwords = types.ModuleType("nltk.corpus.stopwords")
nltk.corpus.stopwords.words = lambda _: ["a", "and", "of", "the"]
sys.modules.update({m.__name__: m for m in (nltk, nltk.corpus, nltk.corpus.stopwords)})

from mem0 import Memory  # noqa: E402

DIMS = 64


class Words:
    """A text is the sum of its words, each a direction by its checksum."""

    def embed(self, text, memory_action=None):
        vector = [0.0] * DIMS
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % DIMS] += 1.0
        length = math.sqrt(sum(x * x for x in vector)) or 1.0
        return [x / length for x in vector]

    def embed_batch(self, texts, memory_action="add"):
        return [self.embed(text) for text in texts]


def settle(store):
    """On Redis each start makes the index anew: waits until it has what is there."""
    index = getattr(store, "index", None)
    while index is not None and int(index.info()["indexing"]):
        time.sleep(0.05)


def main():
    task = json.load(sys.stdin)
    memory = Memory.from_config(
        {
            "vector_store": task["vector_store"],
            "history_db_path": task["history"],
            "embedder": {"provider": "openai", "config": {"api_key": "none", "embedding_dims": DIMS}},
            "llm": {"provider": "openai", "config": {"api_key": "none"}},
        }
    )
    memory.embedding_model = Words()
    settle(memory.vector_store)
    results = []
    for method, arguments in task["calls"]:
        for name, value in arguments.items():
            if isinstance(value, str) and value.startswith("$"):
                arguments[name] = results[int(value[1:])]["results"][0]["id"]
        try:
            results.append(getattr(memory, method)(**arguments))
        except Exception as error:  # noqa: BLE001
            print(f"{method}: {error!r}", file=sys.stderr)
            results.append({"raised": type(error).__name__})
    json.dump(results, answer, default=str)


if __name__ == "__main__":
    main()
