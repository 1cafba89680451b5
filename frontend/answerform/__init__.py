"""Answer forms as HTML: drawing them, and reading what was typed."""
