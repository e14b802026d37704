"""What a source's answers tell about the source: how complete, valid, timely and conforming to its code tables they
are, and whether its shape has changed since it was described.

Everything is counted in memory over the last answers of one node; nothing of an answer's content is kept. The measures
are those of GB/T 36344 (data quality evaluation indicators) that can be seen from outside: completeness, validity,
timeliness, and conformance of codes. It talks to nobody; whoever asks a source asks its watch.
"""

from connectors.quality.drift import Change, Drift
from connectors.quality.score import Quality, Scores
from connectors.quality.watch import Check, Watch

__all__ = ["Change", "Check", "Drift", "Quality", "Scores", "Watch"]
