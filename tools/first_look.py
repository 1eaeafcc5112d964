"""Draw chapters/images/first-look.png, the picture at the top of the README, from the course's own model."""

from __future__ import annotations

from pathlib import Path

from mi_course.display import plot
from mi_course.display.patterns import AttentionPattern
from mi_course.induction_heads import attention_patterns, find_heads
from mi_course.worlds import repeated_tokens
from mi_course.zoo import load_model

PERIOD = 12
PICTURE = Path(__file__).resolve().parent.parent / "chapters" / "images" / "first-look.png"


def main() -> None:
    model = load_model("induction-2l")
    layer, head = find_heads(model, [8, 13, 20])[0]
    data = repeated_tokens(batch=1, period=PERIOD, repeats=2, seed=7)
    names = ["[BOS]"] + [chr(ord("A") + i % PERIOD) for i in range(2 * PERIOD)]
    pattern = attention_patterns(model, data.tokens)[layer, head, 0]
    PICTURE.parent.mkdir(exist_ok=True)
    plot(AttentionPattern(pattern, names, f"L{layer}H{head} of induction-2l", PERIOD)).save(PICTURE)


if __name__ == "__main__":
    main()
