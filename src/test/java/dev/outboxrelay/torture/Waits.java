// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.Threads;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * Looks at what could be sent and is not: owed, due, the first of its key, its destination not
 * paused. Whatever stays so for longer than the bound, and what the machine itself takes meanwhile,
 * waits without a reason.
 */
final class Waits implements AutoCloseable {

  private static final Duration EVERY = Duration.ofMillis(200);

  /** In one pass over what is owed, for there may be much; the oldest first. */
  private static final String COULD_BE_SENT =
      """
      select m.destination || ' ' || m.id || ' ' || m.state || ' ' || m.attempts
      from (
        select owed.*,
          row_number() over (
            partition by destination, source_schema, source_table, key,
              case when key is null then id end
            order by id) as place
        from outbox.message owed where state <> 'delivered') m
      join outbox.destination d on d.name = m.destination
      where m.place = 1 and m.state <> 'failed' and not d.paused
        and (m.due_at is null or m.due_at <= clock_timestamp())
      order by m.id limit 20000
      """;

  private final PostgresProcess postgres;
  private final WaitTimes times;
  private final StopSignal stop = new StopSignal();

  Waits(PostgresProcess postgres, WaitTimes times) {
    this.postgres = postgres;
    this.times = times;
    Threads.daemons("waits").newThread(this::watch).start();
  }

  private void watch() {
    while (!stop.isSet()) {
      try (Connection connection = postgres.connect(TortureRun.DATABASE)) {
        while (!stop.await(EVERY)) {
          long from = System.nanoTime();
          times.seen(look(connection), from);
        }
      } catch (SQLException e) {
        // The server was killed, or the session ended: what waited is looked for anew.
        times.forget();
        stop.await(EVERY);
      }
    }
  }

  /** What could be sent now, each by its destination, id, state and attempts. */
  static Set<String> look(Connection connection) throws SQLException {
    Set<String> waiting = new HashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(COULD_BE_SENT)) {
      while (rows.next()) {
        waiting.add(rows.getString(1));
      }
    }
    return waiting;
  }

  @Override
  public void close() {
    stop.set();
  }
}
