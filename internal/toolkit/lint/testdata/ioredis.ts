import Redis, { ChainableCommander } from 'ioredis';
import type { Cluster } from "ioredis";

const client = new Redis({ host: 'localhost', port: 6379 });
const cluster = new Redis.Cluster([{ port: 6380, host: '127.0.0.1' }]);
let lazy: Redis | null = null;

export class Sessions {
  constructor(private readonly store: Redis, private seen: Map<string, number>) {}

  async save(id: string, data: unknown): Promise<void> {
    await this.store.set(`session:${id}`, JSON.stringify(data)); // want TTL001
    await this.store.set(`session:${id}`, JSON.stringify(data), 'EX', 1800);
    await this.store.setex(`session:${id}`, 1800, JSON.stringify(data));
    this.seen.set(id, Date.now());
  }

  async read(id: string): Promise<string | null> {
    const data = await this.store.get(`session:${id}`); // want TTL004
    if (!data) {
      return null;
    }
    await this.store.expire(`session:${id}`, 1800);
    return data;
  }

  async other(id: string) {
    await this.store.expire(`session:${id}`, 1800);
  }
}

async function lock(resource: string, ttl = 30) {
  const lockKey = `lock:${resource}`;
  const acquired = await client.set(lockKey, 'holder', 'NX', 'EX', ttl);
  if (!acquired) return false;
  const again = await client.set(lockKey, 'holder', 'NX'); // want TTL003
  await client.expire(`lock:${resource}`, ttl);
  return again;
}

async function promotion() {
  const end = new Date('2026-07-01T00:00:00Z');
  const at = Math.floor(end.getTime() / 1000);
  await client.set('promo', 'code'); // want TTL003
  await client.expireat('promo', at);
  const atMs = end.getTime();
  await client.pexpireat('event', atMs);
}

async function forms(value: string, args: string[], cb: () => void) {
  await client.set('a', value); // want TTL001
  await cluster
    .set('b', value); // want-above TTL001
  client.set('c', value, (err: Error) => console.log(err)); // want TTL001
  client.set('d', value, 'KEEPTTL');
  client.set('d2', value, 'NX', 'KEEPTTL'); // want TTL001
  client.set('e', value, ...args);
  client.mset({ f: 1, g: 2 }); // want TTL001
  client.mset('h', 1, 'i', 2); // want TTL001
  client.setnx('j', value); // want TTL001
  lazy?.set('k', value); // want TTL001
  lazy!.set('l', value); // want TTL001
  (await getRedis()).set('m', value); // want TTL001
  client.call('SET', 'n', value); // want TTL001
  client.call('SET', 'o', value, 'PX', 5);
  const redisClient = getIt();
  redisClient.set('p', value); // want TTL001
  const text = `client.set('in a template', ${value.replace(/`/g, "'")})`;
  const pattern = /client\.set\('a', 1\)[/'"]/;
  // client.set('in a comment', 1)
  /* client.set('in a comment', 1) */
  return text + pattern;
}

async function pipelines(ids: string[]) {
  const pipe = client.pipeline();
  for (const id of ids) {
    pipe.hset(`user:${id}`, 'a', 1);
    pipe.expire(`user:${id}`, 60);
    pipe.sadd(`other:${id}`, 1); // want TTL002
  }
  await pipe.exec();
  await client.multi().set('a', 1).expire('a', 60).exec();
  await client.pipeline().set('b', 1).expire('b', 60).exec(); // want TTL003
  const tx: ChainableCommander = client.multi();
  tx.set('c', 1);
  tx.expire('c', 60);
  tx.set('d', 1); // want TTL001
  ids.forEach((id) => {
    client.zadd(`z:${id}`, 1, id); // want TTL002
    client.incr(`n:${id}`);
    client.expire(`n:${id}`, 60);
  });
}

async function branches(id: string) {
  if (id) {
    await client.set('a', 1); // want TTL001
  } else if (id === '') {
    await client.expire('a', 60);
  } else {
    await client.expire('a', 70);
  }
  if (!id) {
    await client.set('b', 1); // want TTL001
    return;
  }
  await client.expire('b', 60);
  await client.expire('c', 60);
  await client.set('c', 1); // want TTL005
  await client.persist('c'); // want TTL006
  await client.keys('*'); // want TTL007
}

async function deadlines(key: string) {
  client.expireat(key, Date.now() + 1000); // want TTL009
  client.expireat(key, Date.now() / 1000 + 60); // want TTL009
  client.expireat(key, Math.floor(Date.now() / 1000) + 60);
  client.pexpireat(key, Math.floor(Date.now() / 1000) + 60); // want TTL009
  client.pexpireat(key, Date.now() + 60000);
  client.expireat(key, Math.floor(new Date(2026, 6, 1).getTime() / 1000)); // want TTL008
  const end = new Date('2026-07-01T00:00:00');
  client.expireat(key, Math.floor(end.getTime() / 1000)); // want TTL008
  client.expireat(key, Math.floor(new Date('2026-07-01').getTime() / 1000));
  client.expireat(key, Math.floor(Date.UTC(2026, 6, 1) / 1000));
  client.set(key, 1, 'EXAT', Math.floor(new Date(2026, 6, 1).getTime() / 1000)); // want TTL008
}

async function accepted() {
  await client.set('a', 1); // ttl: durable the worker deletes it
  // ttl:durable the worker deletes it
  await client.set('b', 1);
  /* ttl:ignore TTL007 a tool for one person */
  await client.keys('*');
}
