"""The constants of promises. Change them here only.

They are cautious: an early delivery costs nothing, a broken promise may cost a customer.
"""

from __future__ import annotations

from datetime import time

# Open minutes from the order until it waits in the pickup bay.
PICKUP_PREPARATION_MINUTES = 120

# Goods wait for their customer until the closing time of the shop's opening day that is so many of
# its opening days after the one on which they were ready.
PICKUP_OPEN_DAYS = 7

# A parcel ordered before this local time goes out with the carrier the same day.
DISPATCH_CUT_OFF = time(14, 0)

# Weekdays on which carriers collect and deliver (Monday is 0).
CARRIER_DAYS = frozenset({0, 1, 2, 3, 4})

# Carrier days in transit, by distance up to so many kilometres.
TRANSIT_DAYS = ((50.0, 1), (300.0, 2), (1_000.0, 3), (3_000.0, 5))
TRANSIT_DAYS_BEYOND = 7
TRANSIT_DAYS_UNKNOWN = 5

# "By Friday" means until the end of Friday, local to the sending location.
END_OF_DAY = time(23, 59)

# Open minutes until a same-day parcel is with the courier, and the last time one leaves.
SAME_DAY_PREPARATION_MINUTES = 60
SAME_DAY_LAST_DEPARTURE = time(18, 0)

# A building that opens on no carrier day within so many days sends by the carrier's days alone.
LOOK_AHEAD_DAYS = 60
