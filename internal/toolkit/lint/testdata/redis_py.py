import datetime as dt
import time
from calendar import timegm
from datetime import datetime, timedelta, timezone

import redis.asyncio as aioredis
from redis import Redis, from_url
from redis.cluster import RedisCluster

rdb: Redis = from_url("redis://localhost")
nodes = RedisCluster(host="a")
NO = None


def strings(rdb, key, value, options, ttl):
    rdb.set("a", value)  # want TTL001
    rdb.set(
        "b",  # a comment with (a bracket
        value.replace(")", "("),
        nx=True,
    )  # want-above TTL001
    rdb.set("c", value, ex=None)  # want TTL001
    rdb.set("c2", value, None, None, True)  # want TTL001
    rdb.set("c3", value, nx=True, keepttl=True)  # want TTL001
    rdb.set(name="d", value=value)  # want TTL001
    rdb.setnx("e", value)  # want TTL001
    rdb.mset({"f": 1, "g": 2})  # want TTL001
    rdb.mset(options)  # want TTL001
    rdb.msetnx({f"h:{key}": 1})  # want TTL001
    rdb.getset("i", value)  # want TTL001
    rdb.restore("j", 0, value)  # want TTL001
    rdb.execute_command("SET", "k", value)  # want TTL001
    rdb.set("l:" + key, "EX")  # want TTL001
    rdb.set("l2:%s" % key, value, xx=True)  # want TTL001
    rdb.set("l3:{}".format(key), value)  # want TTL001
    rdb.set(r"m\d", value, ex=60)
    rdb.set("n", value, 60)
    rdb.set("o", value, px=ttl)
    rdb.set("p", value, **options)
    rdb.set(*options)
    rdb.set("q", value, keepttl=True)
    rdb.set("r", value, exat=int(time.time()) + 60)
    rdb.setex("s", 60, value)
    rdb.psetex("t", 60, value)
    rdb.execute_command("SET", "u", value, "EX", 60)
    rdb.restore("v", 60, value)
    text = "rdb.set('in a string', value)"
    text = """
    rdb.set("in a long string", value)
    """
    # rdb.set("in a comment", value)
    return text


def receivers(cache, options):
    nodes.set("a", 1)  # want TTL001
    cache.set("b", 1)  # want TTL001
    Redis().set("c", 1)  # want TTL001
    get_redis().set("d", 1)  # want TTL001
    conn = Redis(host="x")
    conn.set("e", 1)  # want TTL001
    with conn.pipeline() as pipe:
        pipe.set("f", 1)  # want TTL001
    conn.pipeline(transaction=False).set("g", 1).execute()  # want TTL001
    other = conn
    other.set("h", 1)  # want TTL001


class Store:
    def __init__(self, url, backend: "Redis"):
        self.conn = aioredis.from_url(url)
        self._redis = backend
        self.cache = {}

    async def put(self, key):
        await self.conn.set(key, 1)  # want TTL001
        await self._redis.set(key, 1)  # want TTL001
        self.cache.set(key, 1)
        async with self.conn.pipeline(transaction=True) as pipe:
            await (pipe.set(key, 1).expire(key, 60).execute())


def collections(rdb, key):
    rdb.hset(f"user:{key}", mapping={"a": 1})  # want TTL002
    rdb.sadd("s", 1)  # want TTL002
    rdb.incr("n")  # want TTL002
    rdb.lpush("l", 1)  # want TTL002
    rdb.zadd("z", {"a": 1})  # want TTL002
    rdb.zadd("followed", {"a": 1})
    if key:
        rdb.expire("followed", 60, nx=True)
    pipe = rdb.pipeline()
    user = f"user2:{key}"
    pipe.hset(user, "a", 1)
    pipe.expire(user, 60)
    pipe.hset("other", "a", 1)  # want TTL002
    pipe.execute()
    rdb.sadd("xx", 1)  # want TTL002
    rdb.expire("xx", 60, xx=True)


def order(rdb, key):
    rdb.expire("a", 60)
    rdb.set("a", 1)  # want TTL005
    rdb.setnx("lock", 1)  # want TTL003
    rdb.expire("lock", 60)
    with rdb.pipeline() as pipe:
        pipe.set("b", 1)
        pipe.expire("b", 60)
        pipe.execute()
    with rdb.pipeline(transaction=False) as pipe2:
        pipe2.set("c", 1)  # want TTL003
        pipe2.expire("c", 60)
    rdb.persist("d")  # want TTL006
    rdb.getex("e", persist=True)  # want TTL006
    rdb.getex("f", ex=60)
    rdb.keys("user:*")  # want TTL007
    nodes.keys()  # want TTL007
    rdb.scan_iter("user:*")


def branches(rdb, key):
    if key:
        rdb.set("a", 1)  # want TTL001
    elif key is None:
        rdb.expire("a", 60)
    else:
        rdb.expire("a", 70)
    if not key:
        rdb.set("b", 1)  # want TTL001
        return
    rdb.expire("b", 60)


def read_one(rdb):
    return rdb.get("shared")


def extend_another(rdb):
    rdb.expire("shared", 60)


def deadlines(rdb, when):
    rdb.expireat("a", datetime(2026, 7, 1))  # want TTL008
    rdb.expireat("b", dt.datetime(2026, 7, 1))  # want TTL008
    rdb.expireat("c", datetime.now() + timedelta(days=1))  # want TTL008
    rdb.expireat("d", int(datetime.utcnow().timestamp()))  # want TTL008
    rdb.expireat("e", int(time.mktime((2026, 7, 1, 0, 0, 0, 0, 0, 0))))  # want TTL008
    rdb.expireat("f", datetime.strptime("2026-07-01", "%Y-%m-%d"))  # want TTL008
    rdb.set("g", 1, exat=datetime(2026, 7, 1))  # want TTL008
    rdb.expireat("h", time.time() + 60)  # want TTL009
    rdb.expireat("i", int(time.time() * 1000) + 60)  # want TTL009
    rdb.pexpireat("j", int(time.time()) + 60)  # want TTL009
    rdb.expireat("k", when)
    rdb.expireat("l", datetime(2026, 7, 1, tzinfo=timezone.utc))
    rdb.expireat("m", datetime.now(timezone.utc) + timedelta(days=1))
    rdb.expireat("n", datetime(2026, 7, 1).replace(tzinfo=timezone.utc))
    rdb.expireat("o", timegm(datetime.utcnow().timetuple()))
    rdb.expireat("p", int(time.time()) + 60)
    rdb.pexpireat("q", int(time.time() * 1000) + 60)
    rdb.expireat("r", datetime.fromtimestamp(when, tz=timezone.utc))


def accepted(rdb):
    rdb.set("a", 1)  # ttl: durable the worker deletes it
    # ttl:durable the worker deletes it
    rdb.set("b", 1)
    rdb.set("c", 1)  # ttl:durable
    # want-above TTL001 TTL010
    rdb.keys("*")  # ttl:ignore TTL007 a tool for one person
    # ttl:durable-keys flags:* the release pipeline writes them
    rdb.set(f"flags:{NO}", 1)
