"""How fast Story World is drawn: tokens a second of processor time, beside a tokenizer that reads the same text.

Run it with `python tools/story_speed.py`. It prints; it judges nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from mi_course.worlds.story import LENGTH, decode, story_batch, story_tokens
from mi_course.worlds.story.tokenizer import story_tokenizer

ROWS = 1000


def tokens_a_second(work: Callable[[], object]) -> float:
    """The best of three runs, so that what else the machine does counts less."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return ROWS * LENGTH / best


def main() -> None:
    """Draw, draw with labels, and read the same text with the tokenizer."""
    tokenizer = story_tokenizer()
    texts = [decode(row) for row in story_tokens(ROWS)[:, 1:].tolist()]
    rates = {
        "drawn for training": tokens_a_second(lambda: story_tokens(ROWS)),
        "drawn with all labels": tokens_a_second(lambda: story_batch(ROWS)),
        "read by the tokenizer": tokens_a_second(lambda: tokenizer(texts)),
    }
    peer = rates["read by the tokenizer"]
    for name, rate in rates.items():
        print(f"{name:<24}{rate:>12,.0f} tokens a second{rate / peer:>8.2f} of the tokenizer")


if __name__ == "__main__":
    main()
