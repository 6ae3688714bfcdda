"""What is found is counted whole and named in part."""

from __future__ import annotations

import pytest

from recaug.audit.findings import EXAMPLES, Check, Findings


@pytest.mark.parametrize("check", Check)
def test_every_check_has_words_and_a_way_to_mend(check: Check) -> None:
    findings = Findings()
    findings.add(check, "here", 1_234)
    [problem] = findings.problems()
    assert (problem.check, problem.count, problem.examples) == (check, 1_234, ("here",))
    assert "1,234" in str(problem)
    assert problem.mend


def test_offenders_are_bounded_and_their_number_is_not() -> None:
    findings = Findings()
    for number in range(3 * EXAMPLES):
        findings.add(Check.ORDER, str(number))
    [problem] = findings.problems()
    assert problem.count == 3 * EXAMPLES
    assert problem.examples == tuple(str(number) for number in range(EXAMPLES))
    assert findings.count(Check.ORDER, Check.STORE) == 3 * EXAMPLES
