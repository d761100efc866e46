"""A fixed deadline with redis-py: the instant is made in UTC, so it is the same wherever the program runs."""
import os
from datetime import datetime, timezone

import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
deadline = datetime(int(os.environ["YEAR"]), 7, 1, tzinfo=timezone.utc)

client.set("promo:summer", "half price")
client.expireat("promo:summer", int(deadline.timestamp()))
print(client.expiretime("promo:summer"))
print(client.pexpiretime("promo:summer"))
print(0 < client.ttl("promo:summer"))
