"""Scheduled and long work: rows that are claimed, run and recorded (JOB)."""
