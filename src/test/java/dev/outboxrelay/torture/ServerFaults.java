// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.PostgresProcess;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A database server that dies, and one that ends sessions. */
final class ServerFaults implements FaultFamily {
  private static final String OTHER_SESSIONS =
      "select pg_terminate_backend(pid) from pg_stat_activity"
          + " where datname = current_database() and pid <> pg_backend_pid()";

  private final Semaphore free = new Semaphore(1);
  private final PostgresProcess postgres;

  ServerFaults(PostgresProcess postgres) {
    this.postgres = postgres;
  }

  @Override
  public @Nullable Fault fault(FaultKind kind, Chance chance) {
    return switch (kind) {
      case KILL_POSTGRES ->
          new Fault(
              free,
              null,
              stop -> {
                stop.await(DiskTimes.untilMuchIsInMemory(System.nanoTime()));
                return Fault.between(chance.shortMillis(), postgres::kill, postgres::start)
                    .perform(stop);
              });
      case TERMINATE_ONE_BACKEND ->
          new Fault(free, null, stop -> terminate(OTHER_SESSIONS + " order by random() limit 1"));
      case TERMINATE_ALL_BACKENDS -> new Fault(free, null, stop -> terminate(OTHER_SESSIONS));
      default -> null;
    };
  }

  private long terminate(String sql) {
    try (Connection connection = postgres.connect(TortureRun.DATABASE);
        Statement statement = connection.createStatement();
        ResultSet ended = statement.executeQuery("select count(*) from (" + sql + ") terminated")) {
      ended.next();
      return ended.getLong(1);
    } catch (SQLException e) {
      // The server is just being restarted by hand: no session is left to be ended.
      return 0;
    }
  }
}
