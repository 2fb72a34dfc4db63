"""Refresh, apply and record: drives providers through protocols."""
