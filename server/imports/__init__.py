"""Scheduled imports: workbooks that appear in a watched place are handed in (JOB-2)."""
