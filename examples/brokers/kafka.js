// SPDX-License-Identifier: Apache-2.0
// Does its work once: the id and the effect are one transaction, the offset is committed after.
// npm install kafkajs pg; tables: create table seen (id text primary key);
//                                 create table orders (body jsonb);
const { Kafka } = require('kafkajs');
const { Client } = require('pg');

async function main() {
  const db = new Client(); // by PGHOST, PGUSER, …
  await db.connect();
  const kafka = new Kafka({ brokers: [process.env.KAFKA_BROKER || 'localhost:9092'] });
  const consumer = kafka.consumer({ groupId: 'orders' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'shop.public.orders', fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => { // a partition's one after the other, in its order
      const event = JSON.parse(message.value.toString());
      await db.query('begin');
      const insert = 'insert into seen values ($1) on conflict do nothing';
      const fresh = await db.query(insert, [event.id]);
      if (fresh.rowCount === 1) {
        await db.query('insert into orders values ($1)', [event.new]); // the work
      }
      await db.query('commit');
    },
  });
}

main();
