// SPDX-License-Identifier: Apache-2.0
// Does its work once: the id and the effect are one transaction, the acknowledgement comes after.
// npm install nats pg; tables: create table seen (id text primary key);
//                              create table orders (body jsonb);
const { connect, AckPolicy } = require('nats');
const { Client } = require('pg');

async function main() {
  const db = new Client(); // by PGHOST, PGUSER, …
  await db.connect();
  const nats = await connect({ servers: process.env.NATS_URL || 'localhost:4222' });
  const manager = await nats.jetstreamManager();
  await manager.streams.add({ name: 'ORDERS', subjects: ['shop.>'] });
  await manager.consumers.add('ORDERS', { durable_name: 'worker', ack_policy: AckPolicy.Explicit });
  const consumer = await nats.jetstream().consumers.get('ORDERS', 'worker');
  for await (const message of await consumer.consume({ max_messages: 1 })) {
    const event = JSON.parse(message.string());
    await db.query('begin');
    const fresh = await db.query('insert into seen values ($1) on conflict do nothing', [event.id]);
    if (fresh.rowCount === 1) {
      await db.query('insert into orders values ($1)', [event.new]); // the work
    }
    await db.query('commit');
    message.ack();
  }
}

main();
