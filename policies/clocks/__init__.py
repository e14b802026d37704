"""Legal clocks: which days are working days, how long each step of a request may take, and where a clock stands.

Owns the working-day calendar of China (weekends, holidays, make-up working weekends, by effective-dated tables), the
profiles that say how many working days a step has, and the deadline, warning and days left of a running clock.
Specification: the State Council's yearly arrangement of holidays; the profiles cite their own. The day a period begins
is not counted; a day ends at midnight. Tables, profiles and the time are arguments. Talks to ``kernel`` only.
"""
