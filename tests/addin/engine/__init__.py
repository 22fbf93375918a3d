"""An engine for xlwings on openpyxl, so that the add-in's commands run without Excel and fail where Excel would.

It implements the pieces of `xlwings.base_classes` that the commands use, and no more: what is not here raises.
"""

from tests.addin.engine.app import Excel, install

__all__ = ["Excel", "install"]
