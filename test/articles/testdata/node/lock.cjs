// ioredis: what a lock made of SET NX EX must do: only its owner lets go of it.
const Redis = require("ioredis");

const release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

async function main() {
  const client = new Redis(process.env.REDIS_URL);
  console.log(await client.set("lock:report", "one", "EX", 30, "NX"));
  console.log(await client.set("lock:report", "two", "EX", 30, "NX"));
  console.log(await client.eval(release, 1, "lock:report", "two"));
  console.log(await client.eval(release, 1, "lock:report", "one"));
  client.disconnect();
}

main();
