// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BenchDatabaseTest {
  @TempDir Path directory;

  private static long databases(BenchServer server) throws SQLException {
    try (Connection c = server.connect();
        Statement s = c.createStatement();
        ResultSet r =
            s.executeQuery(
                "select count(*) from pg_database where datname like 'outbox\\_relay\\_bench%'")) {
      r.next();
      return r.getLong(1);
    }
  }

  @Test
  void bench_thatIsTerminated_leavesNoDatabaseBehind() throws Exception {
    TestServer shared = TestServer.shared();
    try (BenchServer server =
        BenchServer.given(shared.url("postgres"), shared.user(), shared.password())) {
      assertEquals(0, databases(server));
      Process bench = start(shared);
      try {
        Patience patience = new Patience(Duration.ofSeconds(60));
        while (databases(server) == 0) {
          assertTrue(bench.isAlive(), "the bench has ended by itself");
          patience.await(0, "the bench has made no database");
        }
        bench.destroy();
        assertTrue(bench.waitFor(30, TimeUnit.SECONDS), "the bench has not ended");
      } finally {
        bench.destroyForcibly().waitFor();
      }
      assertEquals(0, databases(server));
    }
  }

  private Process start(TestServer server) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "dev.outboxrelay.cli.Main",
            "bench",
            "--scenario",
            "writer",
            "--output",
            directory.toString(),
            "--database-url",
            server.url("postgres"));
    builder.environment().keySet().removeIf(name -> name.startsWith("OUTBOX_RELAY_"));
    builder.environment().put("OUTBOX_RELAY_DATABASE_USER", server.user());
    builder.environment().put("OUTBOX_RELAY_DATABASE_PASSWORD", server.password());
    return builder
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("bench.log").toFile())
        .start();
  }
}
