import React, { useState } from 'react';
import { cache } from './cache';
import { createClient } from '@supabase/supabase-js';
import Redis from 'ioredis';

const seen = new Map<string, number>();
const store = new WeakMap();
const redisLike = new Map();
const client = axios.create({ baseURL: '/' });
const db = new PouchDB('x');
const conn = { set(key, value) {} };
const redis = new Map();

function Component({ params, form }: { params: URLSearchParams; form: FormData }) {
  const [value, setValue] = useState(0);
  params.set('a', 'b');
  form.append('a', 'b');
  seen.set('a', 1);
  store.set(value, 1);
  redisLike.set('a', 1);
  redis.set('a', 1);
  client.get('/users');
  client.set('a', 1);
  db.get('a');
  conn.set('a', 1);
  cache.set('a', 1);
  localStorage.set('a', 1);
  Object.keys(value).forEach((k) => seen.set(k, value / 2 / 3));
  cookies().set('name', 'value');
  headers.set('x', 'y');
  new Map().set('a', 1);
  return <p title="a">don't <b>{value}</b> you're / we're </p>;
}

function typed(cache: Map<string, string>, kv: LRUCache) {
  cache.set('a', 'b');
  kv.set('a', 'b');
  return cache.keys();
}

function settings(map, element, url) {
  map.set('a', 1);
  element.dataset.set('a', 1);
  url.searchParams.set('page', '1');
  _.set(map, 'a', 1);
}
