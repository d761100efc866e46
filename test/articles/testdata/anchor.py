"""redis-py: a TTL counted from the server's clock, given as an instant (EXAT), with symmetric jitter."""
import os
import random

import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"])
base = 300
for i in range(100):
    seconds, _ = client.time()
    spread = base * 5 // 100
    ttl = base + random.randint(-spread, spread)
    assert client.set(f"config:{i}", "on", exat=seconds + ttl)
ttls = [client.ttl(f"config:{i}") for i in range(100)]
print(all(285 - 2 <= ttl <= 315 for ttl in ttls))
