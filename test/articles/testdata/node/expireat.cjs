// ioredis: a fixed deadline in seconds and in milliseconds. A Date that is parsed with its Z is the same everywhere.
const Redis = require("ioredis");

async function main() {
  const client = new Redis(process.env.REDIS_URL);
  const deadline = new Date(`${process.env.YEAR}-07-01T00:00:00Z`);
  await client.set("promo:summer", "half price");
  console.log(await client.expireat("promo:summer", deadline.getTime() / 1000));
  console.log(await client.expiretime("promo:summer"));
  await client.set("event:deadline", "x");
  console.log(await client.pexpireat("event:deadline", deadline.getTime() + 250));
  console.log(await client.pexpiretime("event:deadline"));
  client.disconnect();
}

main();
