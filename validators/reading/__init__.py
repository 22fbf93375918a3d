"""Any accepted file, or rows sent as JSON, to one raw sheet of cells with addresses.

`read` looks at the bytes first, reads in a child process (`validators.extracting`), and names columns and rows.
"""

from validators.extracting.refusing import Unreadable
from validators.reading.door import read
from validators.reading.limits import Limits
from validators.reading.process import Busy
from validators.reading.raw import Mark, RawColumn, RawSheet, SheetFacts
from validators.reading.sheets import from_rows

__all__ = ["Busy", "Limits", "Mark", "RawColumn", "RawSheet", "SheetFacts", "Unreadable", "from_rows", "read"]
