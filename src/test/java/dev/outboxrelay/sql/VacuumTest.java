package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A VACUUM has a snapshot for long and keeps no dead row. */
final class VacuumTest {

  @Test
  void doctor_whileAVacuumRuns_doesNotHaveItEnded() throws Exception {
    try (Outbox outbox = Outbox.create();
        Connection vacuum = outbox.connect();
        Statement slow = vacuum.createStatement()) {
      String pid = Outbox.column(vacuum, "select pg_backend_pid()").get(0);
      outbox.execute(
          "create table t (id int, filler text) with (fillfactor = 10, autovacuum_enabled = off)",
          "insert into t select g, repeat('x', 500) from generate_series(1, 3000) g");
      Outbox.run(vacuum, "set vacuum_cost_delay = 100", "set vacuum_cost_limit = 1");
      CompletableFuture<Void> running =
          CompletableFuture.runAsync(
              () -> {
                try {
                  slow.execute("vacuum t");
                } catch (SQLException cancelled) {
                  // As the test does at its end.
                }
              });
      try {
        Await.until(
            "the vacuum has a snapshot",
            () ->
                outbox.count(
                        "select count(*) from pg_stat_activity a join pg_stat_progress_vacuum v"
                            + " using (pid) where a.backend_xmin is not null and a.pid = "
                            + pid)
                    == 1);
        List<String> old =
            outbox.query(
                "select object from outbox.doctor(old_after => '0') where check_name = 'old snapshot'"
                    + " and object = 'session "
                    + pid
                    + "'");
        assertEquals(List.of(), old);
        assertTrue(!running.isDone(), "the vacuum ran meanwhile");
      } finally {
        slow.cancel();
        running.join();
      }
    }
  }
}
