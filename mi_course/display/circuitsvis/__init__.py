"""circuitsvis without a network: figures one hovers over and clicks, from the script that its wheel brings along.

    from mi_course.display import circuitsvis

    circuitsvis.load()                                     # once a notebook: puts the script into the page
    circuitsvis.attention_heads(tokens, patterns, names)   # then each figure is a few kB

The package's own functions ask the internet for its script at every display, and put 1.3 MB into each figure when there
is no answer; the functions here have the same names and do neither. (Alan Cooney and contributors, CircuitsVis.)
"""

from mi_course.display.circuitsvis.attention import attention_heads, attention_pattern
from mi_course.display.circuitsvis.drawing import Drawing
from mi_course.display.circuitsvis.script import Script, load
from mi_course.display.circuitsvis.tokens import colored_tokens, token_log_probs

__all__ = ["Drawing", "Script", "attention_heads", "attention_pattern", "colored_tokens", "load", "token_log_probs"]
