"""redis-py: a sliding session in one step. GETEX reads and renews; GET and EXPIRE are two, and the key may go between."""
import os

import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
client.setex("session:abc", 1800, "user_id=123")
client.expire("session:abc", 60)
print(client.getex("session:abc", ex=1800))
print(client.ttl("session:abc") > 1790)
print(client.getex("session:gone", ex=1800))
