"""How pages write times: to the second, as the ledger needs."""

DATETIME_FORMAT = "j M Y H:i:s"
DATE_FORMAT = "j M Y"
