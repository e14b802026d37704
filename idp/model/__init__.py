"""The values the rooms of the provider pass each other: frozen, parsed once at the edge, free of Flask and SQL."""
