"""Notion: one client, one limiter, one retry policy, one error type, and one decoder for its pages."""
