"""P3 and P9: the whole thing as a state machine, at full length: examples of so many steps each."""

from __future__ import annotations

import logging
import traceback

from hypothesis.errors import HypothesisException

from tests.machine.run import Ran, run
from tests.soak.trial import Figures, Place, Trial

STEPS = 40


def play(place: Place, examples: int) -> Figures:
    """So many examples of the place's steps. What breaks is shown with the fewest steps that break it."""
    steps = place.steps or STEPS
    ran = Ran()
    logging.disable(logging.CRITICAL)  # stores fail by the thousand here, as they are told to
    try:
        run(place.url, place.folder, examples=examples, steps=steps, number=place.seed, ran=ran)
        violations = 0
    except (AssertionError, HypothesisException, ExceptionGroup) as error:
        traceback.print_exception(error)
        violations = len(error.exceptions) if isinstance(error, ExceptionGroup) else 1
    finally:
        logging.disable(logging.NOTSET)
    return {"examples": examples, "steps": steps, "examples_run": ran.examples, "steps_run": ran.steps} | {
        "violations": violations
    }


TRIAL = Trial(
    "P3: after any steps movements sum to figures, orders hold all or nothing, stores show what the rules ask for",
    play,
    full=200,
    kept=("violations",),
)
