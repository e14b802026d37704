"""What keeps one bad source from hurting the others: breaker, bulkhead and the health they show.

Three rules, whatever a source is made of: a caller waits no longer than its deadline; no more look-ups are under way
at a source than its manifest allows; a source that keeps failing is left alone for a while. After the stability
patterns of M. Nygard, *Release It!* (circuit breaker, bulkhead, timeout).
"""

from connectors.resilience.breaker import Breaker, BreakerState, Health
from connectors.resilience.bulkhead import Bulkhead
from connectors.resilience.deadline import Deadline
from connectors.resilience.pace import Pace
from connectors.resilience.remembered import Remembered

__all__ = ["Breaker", "BreakerState", "Bulkhead", "Deadline", "Health", "Pace", "Remembered"]
