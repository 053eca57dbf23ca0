"""Telling, by verb: channels opened, posts made, updates sent, people told, notices released, pages followed."""
