"""Files in: the doors through which imports come, and the table of their kinds."""
