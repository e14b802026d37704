"""One module a subcommand: its options and its words. What it does is done by the rooms it calls."""
