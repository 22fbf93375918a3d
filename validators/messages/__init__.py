"""Every wording that a user can meet about a cell, a row or a file stands here and nowhere else."""

from validators.messages.code import Code, Severity
from validators.messages.finding import Finding, shown
from validators.messages.table import CODES

__all__ = ["CODES", "Code", "Finding", "Severity", "shown"]
