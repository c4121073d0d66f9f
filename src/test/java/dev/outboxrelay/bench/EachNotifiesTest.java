package dev.outboxrelay.bench;

import dev.outboxrelay.testing.TestServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
}
