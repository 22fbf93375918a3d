"""Why a workbook is not patched but built new."""


class NotPatchable(Exception):
    """The package holds something that must not be handed on, or XML that is not edited safely as text."""
