"""The version that everything of this release carries (semantic versioning)."""

VERSION = "0.1.0"
