// SPDX-License-Identifier: Apache-2.0
// Does its work once: the id and the effect are one transaction, the acknowledgement comes after.
// npm install amqplib pg; tables: create table seen (id text primary key);
//                                 create table orders (body jsonb);
const amqp = require('amqplib');
const { Client } = require('pg');

async function main() {
  const db = new Client(); // by PGHOST, PGUSER, …
  await db.connect();
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const channel = await connection.createChannel();
  await channel.assertQueue('shop', { durable: true });
  await channel.prefetch(1); // one after the other, in the order of the queue
  await channel.consume('shop', async (message) => {
    const event = JSON.parse(message.content.toString());
    await db.query('begin');
    const fresh = await db.query('insert into seen values ($1) on conflict do nothing', [event.id]);
    if (fresh.rowCount === 1) {
      await db.query('insert into orders values ($1)', [event.new]); // the work
    }
    await db.query('commit');
    channel.ack(message);
  });
}

main();
