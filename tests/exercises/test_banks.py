"""Every exercise's check is proven against its bank of right and wrong answers (`make bank`: on twenty seeds)."""

from __future__ import annotations

from mi_course.checking.bank import Obligation


def test_bank(obligation: Obligation, bank_seed: int) -> None:
    complaint = obligation.complaint(bank_seed)
    assert not complaint, complaint
