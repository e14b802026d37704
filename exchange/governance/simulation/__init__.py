"""What the decision log teaches: past decisions made again, and what a proposed grant would have changed.

Owns replay (every logged decision recomputed under the rules that held then) and impact (the requests of the last
weeks judged with and without a proposed version: how many, which fields, which departments, how many people; never
who). Decides by ``policies`` alone; reads the log through ``exchange.store.decisions``. Changes nothing.
"""
