"""An indexer as a program of its own, so that its memory can be told: `python -m bench.indexer URL DATABASE [follow]`.

Without `follow` it indexes what there is and prints seconds, facts and the bytes of memory it held at most. With it, it
goes on until it is ended.
"""

from __future__ import annotations

import json
import resource
import sys
import threading

from bench.indexing import index, opened


def main() -> None:
    """Index."""
    url, database_url, *more = sys.argv[1:]
    if more:
        with opened(url, database_url) as indexer:
            indexer.run(threading.Event(), poll_seconds=0.5)
        return
    seconds, facts = index(url, database_url)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10  # Linux counts it in KiB
    print(json.dumps({"seconds": seconds, "facts": facts, "memory": most}))


if __name__ == "__main__":
    main()
