// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.embedded.EmbeddedServer;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.Await;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyDual;

/** A standby whose queries keep the dead rows of the queue. */
final class StandbyTest {

  /**
   * A standby that reports its oldest snapshot (hot_standby_feedback) holds back vacuum, and leaves
   * it in its slot when it goes away.
   */
  @Test
  void doctor_onAStandbyThatHoldsBackVacuum_namesItAndItsSlotAndTheRemedyMendsIt()
      throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(Map.of());
        Connection c = server.connect("postgres")) {
      new Migrator(server.url("postgres"), server.user(), "").migrate();
      Outbox.run(c, "select pg_create_physical_replication_slot('standby')");
      try (Connection withSlot = walSender(server, "with_slot");
          Connection without = walSender(server, "without")) {
        reportOldestSnapshot(withSlot, c, "SLOT standby ");
        reportOldestSnapshot(without, c, "");
        Await.until(
            "both are known",
            () ->
                Outbox.column(
                        c,
                        "select 1 from pg_replication_slots where xmin is not null"
                            + " union all select 2 from pg_stat_replication where backend_xmin is not null")
                    .equals(List.of("1", "2")));
        assertEquals(List.of(), oldSnapshots(c, "object"), "not yet old");
        useTransactionIds(c, 100_001);
        assertEquals(
            List.of("replication slot standby", "standby without"), oldSnapshots(c, "object"));
        for (String remedy : oldSnapshots(c, "remedy")) {
          assertTrue(remedy.startsWith("End its oldest query"), remedy);
        }
      }
      Await.until(
          "the standbys are gone",
          () ->
              Outbox.column(c, "select active_pid from pg_replication_slots")
                  .equals(java.util.Collections.singletonList(null)));
      Await.until(
          "only the slot is left",
          () -> oldSnapshots(c, "object").equals(List.of("replication slot standby")));
      Outbox.run(c, oldSnapshots(c, "remedy").get(0));
      assertEquals(List.of(), oldSnapshots(c, "object"));
    }
  }

  private static List<String> oldSnapshots(Connection c, String column) throws SQLException {
    return Outbox.column(
        c, "select " + column + " from outbox.doctor() where check_name = 'old snapshot'");
  }

  /** A connection as a standby's receiver has it. */
  private static Connection walSender(EmbeddedServer server, String name) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", server.user());
    properties.setProperty("replication", "true");
    properties.setProperty("preferQueryMode", "simple");
    properties.setProperty("assumeMinServerVersion", "10");
    properties.setProperty("ApplicationName", name);
    return DriverManager.getConnection(server.url("postgres"), properties);
  }

  /** What a standby's receiver sends: its oldest transaction, which is the server's next one. */
  private static void reportOldestSnapshot(Connection walSender, Connection server, String slot)
      throws SQLException {
    int oldest =
        Integer.parseInt(
            Outbox.column(server, "select pg_snapshot_xmin(pg_current_snapshot())").get(0));
    String end = Outbox.column(server, "select pg_current_wal_flush_lsn()").get(0);
    CopyDual stream =
        walSender
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyDual("START_REPLICATION " + slot + "PHYSICAL " + end);
    ByteBuffer feedback = ByteBuffer.allocate(1 + 8 + 4 * 4);
    feedback.put((byte) 'h').putLong(0).putInt(oldest).putInt(0).putInt(0).putInt(0);
    stream.writeToCopy(feedback.array(), 0, feedback.capacity());
    stream.flushCopy();
  }

  /** A subtransaction that writes uses one. */
  private static void useTransactionIds(Connection c, int count) throws SQLException {
    Outbox.run(
        c,
        "create unlogged table used (id int)",
        "do $$ begin for i in 1.."
            + count
            + " loop begin insert into used values (i); exception when others then raise; end;"
            + " end loop; end $$");
  }
}
