"""Raw cells out of an uploaded file: the part that runs in a child process.

Imports the standard library and the file readers only (no pandas, no Pandera), so that a child starts in some 30 ms and
carries nothing worth stealing. `validators.reading` is the parent's side.
"""
