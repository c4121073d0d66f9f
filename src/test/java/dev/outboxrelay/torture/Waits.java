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

  /**
   * The first of each destination, in order of ids: one that is forgotten comes to be among them.
   */
  private static final String COULD_BE_SENT =
      """
      select first.name
      from outbox.destination d cross join lateral (
        select m.destination || ' ' || m.id || ' ' || m.state || ' ' || m.attempts as name
        from outbox.message m
        where m.destination = d.name and m.state in ('pending', 'retry', 'held')
          and (m.due_at is null or m.due_at <= clock_timestamp())
          and not exists (
            select from outbox.message before
            where before.destination = m.destination and before.key = m.key and before.id < m.id
              and before.source_schema is not distinct from m.source_schema
              and before.source_table is not distinct from m.source_table
              and before.state <> 'delivered')
        order by m.id limit 300) first
      where not d.paused
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
          look(connection);
        }
      } catch (SQLException e) {
        // The server was killed, or the session ended: what waited is looked for anew.
        times.forget();
        stop.await(EVERY);
      }
    }
  }

  private void look(Connection connection) throws SQLException {
    long from = System.nanoTime();
    Set<String> waiting = new HashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(COULD_BE_SENT)) {
      while (rows.next()) {
        waiting.add(rows.getString(1));
      }
    }
    times.seen(waiting, from);
  }

  @Override
  public void close() {
    stop.set();
  }
}
