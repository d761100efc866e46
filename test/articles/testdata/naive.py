"""What a datetime without a zone turns into, which depends on where the program runs. Nothing is sent to a server."""
from datetime import datetime

print(int(datetime(2026, 7, 1).timestamp()))
