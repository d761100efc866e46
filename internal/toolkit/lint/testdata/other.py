"""Nothing in here is Redis, or nothing is wrong with it."""
import json
import threading
from collections import OrderedDict
from http import cookies

import redis
from django.core.cache import cache


class Settings:
    def set(self, key, value):
        self.values = {key: value}


settings = Settings()
settings.set("a", 1)
cache.set("django", 1)
client = cookies.SimpleCookie()
client.set("a", "b")
event = threading.Event()
event.set()
store = {}
store.keys()
db = OrderedDict()
db.set("a", 1)
names = ["x"]
names.append("y")
conn = open("file")
conn.append("a", "b")


def typed(cache: dict, store: "Path", kv: Settings):
    cache.set("a", 1)
    kv.set("a", 1)
    cache.keys()
    return {k: v for k, v in store.items()}


def others(config, request, session, element):
    config.set("section", "option", "value")
    request.session.set("a", 1)
    element.set("class", "x")
    session.get("a")
    session.expire("a", 1)
    json.loads("{}").get("a")
    matplotlib.rc("a").set("b", 1)
    x.y[0].set("a", 1)
    "a".join(["b"]).set("c", 1)
    (lambda: 1)().set("a", 1)


redis_client = redis.Redis()
redis_client.set("fine", 1, ex=10)
redis_client.get("a")
redis_client.delete("a")
redis_client.ttl("a")
