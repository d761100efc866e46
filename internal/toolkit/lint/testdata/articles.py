"""The shapes of code that stories about missing lifetimes have, and their cures."""
import random
import time
from datetime import datetime, timedelta, timezone

import redis

redis_client = redis.Redis(host="localhost", port=6379, decode_responses=True)
r = redis.StrictRedis()
SESSION_TTL = 1800


def leak(user_id, session_data):
    redis_client.set(f"session:{user_id}", session_data)  # want TTL001


def cured(user_id, session_data):
    redis_client.set(f"session:{user_id}", session_data, ex=86400)
    redis_client.setex(f"session:{user_id}", SESSION_TTL, session_data)


def reproduce(n, batch):
    pipeline = redis_client.pipeline()
    for i in range(n):
        key = f"session:{i}"
        pipeline.set(key, "x" * 1024)  # want TTL001
        if i % batch == 0:
            pipeline.execute()


def promotion():
    end = datetime(2026, 7, 1, 0, 0, 0, tzinfo=timezone.utc)
    at = int(end.timestamp())
    r.set("promo:summer", "code")  # want TTL003
    r.expireat("promo:summer", at)
    print(f"ends at {r.expiretime('promo:summer')}")


def promotion_in_one(at):
    r.set("promo:summer", "code", exat=at)


def wrong_zone():
    end = datetime(2026, 7, 1, 0, 0, 0)
    r.expireat("promo:key", int(end.timestamp()))  # want TTL008


def right_zone():
    end = datetime(2026, 7, 1, 0, 0, 0, tzinfo=timezone.utc)
    r.expireat("promo:key", int(end.timestamp()))


def set_with_jitter(key, value, base=3600, share=0.15):
    ttl = base + int(base * share * (2 * random.random() - 1))
    r.set(key, value)  # want TTL003
    r.expire(key, ttl)
    print(f"Key '{key}' set to end in {ttl}s")


def session(session_id):
    data = r.get(f"session:{session_id}")  # want TTL004
    if data is None:
        return None
    r.expire(f"session:{session_id}", SESSION_TTL)
    return data


def session_in_one(session_id):
    return r.getex(f"session:{session_id}", ex=SESSION_TTL)


def with_margin(client, key, deadline, margin=5):
    client.expireat(key, deadline - margin)


class Enforcing(redis.Redis):
    def __init__(self, *args, default_ttl=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.default_ttl = default_ttl

    def set(self, name, value, ex=None, px=None, **kwargs):
        if ex is None and px is None:
            ex = self.default_ttl
        return super().set(name, value, ex=ex, px=px, **kwargs)


client = Enforcing(default_ttl=86400)
client.set("session:user123", "data")
client.hset("user:1", "name", "x")  # want TTL002


class Anchor:
    def __init__(self, redis_client: redis.Redis, base_ttl: int):
        self.r = redis_client
        self.offset = self.r.time()[0] - int(time.time())
        self.base_ttl = base_ttl

    def put(self, key: str, value: str) -> bool:
        at = int(time.time()) + self.offset + self.base_ttl
        return bool(self.r.set(key, value, exat=at))

    def forget(self, key: str, value: str) -> None:
        self.r.set(key, value)  # want TTL001
