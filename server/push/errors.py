"""What saving push rules refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.errors import Refused, WrongUse


@dataclass(frozen=True)
class RuleProblem:
    """Why one rule can't be saved, or what to know of it. `field` is the rule's own; `code` is stable. Of a conflict:
    the `other` rule, and `what` both claim."""

    rule: str
    field: str
    code: str
    text: str
    other: str = ""
    what: str = ""

    def facts(self) -> dict[str, str]:
        """For programs."""
        return {"place": f"{self.rule}: {self.field}", "text": self.text, "code": self.code, "rule": self.rule}


class RuleWrong(WrongUse):
    """A rule's own values can't be: a negative percentage, no store. `problems` has every one."""

    code = "rule-wrong"

    def __init__(self, problems: Sequence[RuleProblem]) -> None:
        super().__init__(_first(problems), errors=[problem.facts() for problem in problems], field=problems[0].field)
        self.problems = list(problems)


class RulesRefused(Refused):
    """The rules can't be on together (PSH-6), or could show more than there is in a Choice store (PSH-3)."""

    code = "rules-refused"

    def __init__(self, problems: Sequence[RuleProblem]) -> None:
        super().__init__(_first(problems), errors=[problem.facts() for problem in problems])
        self.problems = list(problems)


def _first(problems: Sequence[RuleProblem]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0].rule}: {problems[0].text}{more}"
