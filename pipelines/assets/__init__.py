"""Thin assets: open the installation, call a step of the night, record metadata."""
