"""jtel: dialler campaigns of the portal's REST interface."""
