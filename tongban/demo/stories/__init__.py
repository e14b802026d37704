"""The stories: each plays real pages over HTTP, posting forms as a browser would, and checks what it sees."""
