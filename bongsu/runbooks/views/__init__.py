"""Panels and acts of the runbook run."""
