// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.embedded.EmbeddedServer;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.Await;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is captured of changes that logical replication brings. */
final class ReplicationTest {

  /**
   * As docs/guides/capture.md says: apply workers fire row triggers only, and only those that ask.
   */
  @Test
  void subscriber_capturesWhatItsCapturesAskFor() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(Map.of("wal_level", "logical"));
        Connection publisher = server.connect("postgres")) {
      String tables =
          "create table ordinary (id int primary key, v int);"
              + " create table by_statement (id int primary key, v int);"
              + " create table always (id int primary key, v int);"
              + " create table replica (id int primary key, v int)";
      Outbox.run(
          publisher,
          tables,
          "create publication p for all tables",
          "select pg_create_logical_replication_slot('s', 'pgoutput')",
          "create database subscriber");
      new Migrator(server.url("subscriber"), server.user(), "").migrate();
      try (Connection subscriber = server.connect("subscriber")) {
        Outbox.run(
            subscriber,
            tables,
            "insert into outbox.destination (name, uri) values ('crm', 'tcp://h:1')",
            "select outbox.capture('ordinary', 'crm', condition => 'true')",
            "select outbox.capture('by_statement', 'crm', fires => 'always')",
            "select outbox.capture('always', 'crm', condition => 'true', fires => 'always')",
            "select outbox.capture('replica', 'crm', condition => 'true', fires => 'replica')",
            // The slot is there: made by CREATE SUBSCRIPTION it would wait for this transaction.
            "create subscription s connection 'host=localhost port="
                + server.port()
                + " user=postgres dbname=postgres' publication p with (create_slot = false,"
                + " slot_name = 's', copy_data = false)");
        for (String table : List.of("ordinary", "by_statement", "always", "replica")) {
          Outbox.run(
              publisher, "insert into " + table + " values (1, 1)", "update " + table + " set v=2");
          Outbox.run(subscriber, "insert into " + table + " values (9, 9)");
        }
        Await.until(
            "everything is applied",
            () ->
                Outbox.column(subscriber, "select v::text from replica where id = 1")
                    .equals(List.of("2")));
        assertEquals(
            List.of(
                "always insert 1",
                "always insert 9",
                "always update 1",
                "by_statement insert 9",
                "ordinary insert 9",
                "replica insert 1",
                "replica update 1"),
            Outbox.column(
                subscriber,
                "select concat_ws(' ', source_table, op, key) from outbox.message order by 1"));
        Outbox.run(
            subscriber,
            "alter subscription s disable",
            "alter subscription s set (slot_name = none)",
            "drop subscription s");
      }
    }
  }
}
