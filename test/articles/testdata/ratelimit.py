"""redis-py: the window of a rate limit, whose counter gets its TTL with its first value and keeps it."""
import os

import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"])
key = "ratelimit:api:user123"
allowed = 0
for _ in range(15):
    with client.pipeline(transaction=True) as pipe:
        pipe.set(key, 0, px=60000, nx=True)
        pipe.incr(key)
        _, count = pipe.execute()
    allowed += count <= 10
print(allowed)
print(0 < client.pttl(key) <= 60000)
