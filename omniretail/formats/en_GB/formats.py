"""How pages write moments: to the second, because a ledger is read by the second."""

DATETIME_FORMAT = "j M Y H:i:s"
DATE_FORMAT = "j M Y"
