const { createClient } = require('redis');

const client = createClient({ url: 'redis://localhost' })
  .on('error', (err) => console.log(err))

async function main(options, value) {
  await client.connect()
  await client.set('a', value) // want TTL001
  await client.set('b', value, { NX: true }) // want TTL001
  await client.set('c', value, { EX: 60, NX: true })
  await client.set('d', value, { expiration: { type: 'EX', value: 60 } })
  await client.set('e', value, options)
  await client.set('f', value, { ...options })
  await client.set('g', value, { KEEPTTL: true })
  await client.set('g2', value, { EX: undefined }) // want TTL001
  await client.setEx('h', 60, value)
  await client.setNX('i', value) // want TTL001
  await client.mSet([['j', '1'], ['k', '2']]) // want TTL001
  await client.hSet('l', 'f', 1) // want TTL002
  await client.sAdd('m', ['1', '2'])
  await client.expire('m', 60)
  await client.sendCommand(['SET', 'n', value]) // want TTL001
  await client.sendCommand(['SET', 'o', value, 'EX', '60'])
  await client.expireAt('p', new Date(2026, 6, 1)) // want TTL008
  await client.expireAt('q', new Date(Date.now() + 1000).getTime()) // want TTL009
  await client.set('r', value, { EXAT: Math.floor(new Date(2026, 6, 1).getTime() / 1000) }) // want TTL008
  await client.multi().hSet('s', 'f', 1).expire('s', 60).exec()
  await client.getEx('t', { type: 'PERSIST' })
  await client.incrBy('u', 5) // want TTL002
  await client.keys('*') // want TTL007
  const dup = client.duplicate()
  await dup.set('v', value) // want TTL001
}
