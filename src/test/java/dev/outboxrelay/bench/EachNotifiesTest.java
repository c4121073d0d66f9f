// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.testing.TestServer;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

@Timeout(60)
final class EachNotifiesTest {
  @Test
  void table_installed_notifiesForEachTransaction() throws Exception {
    TestServer server = TestServer.shared();
    try (BenchServer given =
            BenchServer.given(server.url("postgres"), server.user(), server.password());
        BenchDatabase database = BenchDatabase.create(given, "outbox_relay_bench_each")) {
      database.execute("create table t (id int)");
      EachNotifies.install(database, "t");
      try (EachNotifies each = EachNotifies.listen(database)) {
        database.execute("insert into t values (1)", "insert into t values (2), (3)");
        Patience patience = new Patience(Duration.ofSeconds(30));
        while (each.heard() != 2) {
          patience.await(each.heard(), "two statements, and so many notifications");
        }
      }
    }
  }

  @Test
  void table_thatRings_ringsTheRelayForEachTransaction() throws Exception {
    TestServer server = TestServer.shared();
    try (BenchServer given =
            BenchServer.given(server.url("postgres"), server.user(), server.password());
        BenchDatabase database = BenchDatabase.create(given, "outbox_relay_bench_each");
        Connection relay = database.connect()) {
      database.execute("create table t (id int)");
      EachNotifies.ring(database, "t", "crm");
      try (Statement s = relay.createStatement()) {
        s.execute("listen outbox");
      }
      database.execute("insert into t values (1)", "insert into t values (2), (3)");
      List<String> rung = new ArrayList<>();
      while (rung.size() < 2) {
        for (PGNotification bell : relay.unwrap(PGConnection.class).getNotifications(0)) {
          rung.add(bell.getParameter());
        }
      }
      assertEquals(List.of("crm", "crm"), rung);
    }
  }
}
