"""Answers that are a matrix in two factors: any two whose product is right, in any wrapping that has an A and a B."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course.checking import Case


def factors(answer: Any, case: Case) -> Any:
    """Driver: what a function returns, a FactoredMatrix taken apart."""
    output = answer(*case.args, **case.kwargs)
    if hasattr(output, "A") and hasattr(output, "B"):
        return output.A, output.B
    return output


def observe_factors(case: Case, output: Any) -> Any:
    """The product of two factors and the axis between them; the factors themselves may be any."""
    if isinstance(output, (Tensor, np.ndarray)) and output.ndim == 2:
        return {"product": torch.as_tensor(output), "axis between them": "none: you return one matrix"}
    if not isinstance(output, (tuple, list)) or len(output) != 2:
        count = f"{len(output)} things" if isinstance(output, (tuple, list, dict)) else "something else"
        return {"product": f"no pair (A, B) but {count}"}
    A, B = (torch.as_tensor(each) if isinstance(each, np.ndarray) else each for each in output)
    if not all(isinstance(each, Tensor) and each.ndim == 2 for each in (A, B)):
        return {"product": "of factors that have not two axes each"}
    if A.shape[1] != B.shape[0]:
        return {"product": f"shapes {tuple(A.shape)}, {tuple(B.shape)} do not fit"}
    common = torch.promote_types(A.dtype, B.dtype)
    return {"product": A.to(common) @ B.to(common), "axis between them": A.shape[1]}
