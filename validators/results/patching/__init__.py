"""An outcome's cells written into the user's own .xlsx: the parts that change, as XML; all others byte for byte."""
