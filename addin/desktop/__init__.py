"""The add-in for Excel on Windows and macOS: ribbon, VBA and the Python commands behind its buttons.

Built on the open-source part of xlwings; nothing here needs a licence key.
"""
