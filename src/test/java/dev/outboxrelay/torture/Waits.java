package dev.outboxrelay.torture;

import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.Threads;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Looks at what could be sent and is not: owed, due, the first of its key, its destination not
 * paused. Whatever stays so for longer than the bound, and what the machine itself takes meanwhile,
 * waits without a reason.
 */
final class Waits implements AutoCloseable {

  /** How long something may wait that could be sent. */
  static final Duration BOUND = Duration.ofSeconds(2);

  private static final long YOUNG = BOUND.toNanos() / 2;
  private static final Duration EVERY = Duration.ofMillis(200);

  /** In order of ids, so that what waits longest is among them. */
  private static final String COULD_BE_SENT =
      """
      select m.destination || ' ' || m.id || ' ' || m.state || ' ' || m.attempts
      from outbox.message m join outbox.destination d on d.name = m.destination
      where m.state in ('pending', 'retry', 'held') and not d.paused
        and (m.due_at is null or m.due_at <= clock_timestamp())
        and not exists (
          select from outbox.message before
          where before.destination = m.destination and before.key = m.key and before.id < m.id
            and before.source_schema is not distinct from m.source_schema
            and before.source_table is not distinct from m.source_table
            and before.state <> 'delivered')
      order by m.id limit 500
      """;

  private final PostgresProcess postgres;
  private final Yardstick yardstick;
  private final Map<String, Long> since = new HashMap<>();
  private final Map<String, String> tooLong = new TreeMap<>();
  private final StopSignal stop = new StopSignal();
  private boolean judging;
  private long restSinceNanos;
  private long longestNanos;

  Waits(PostgresProcess postgres, Yardstick yardstick) {
    this.postgres = postgres;
    this.yardstick = yardstick;
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
        forget();
        stop.await(EVERY);
      }
    }
  }

  private void look(Connection connection) throws SQLException {
    long from = System.nanoTime();
    Map<String, Long> now = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(COULD_BE_SENT)) {
      while (rows.next()) {
        now.put(rows.getString(1), from);
      }
    }
    seen(now, from);
  }

  private synchronized void seen(Map<String, Long> now, long nanos) {
    since.keySet().retainAll(now.keySet());
    now.forEach(since::putIfAbsent);
    boolean stirring = now.keySet().stream().anyMatch(each -> nanos - since.get(each) > YOUNG);
    restSinceNanos = stirring ? 0 : restSinceNanos == 0 ? nanos : restSinceNanos;
    if (!judging) {
      return;
    }
    since.forEach(
        (message, first) -> {
          Duration waited = Duration.ofNanos(nanos - first);
          longestNanos = Math.max(longestNanos, waited.toNanos());
          Duration allowed = BOUND.plus(yardstick.allowance(first));
          if (waited.compareTo(allowed) > 0) {
            tooLong.put(
                message,
                message
                    + " waits for "
                    + waited.toMillis()
                    + " ms, allowed are "
                    + allowed.toMillis()
                    + " ms");
          }
        });
  }

  private synchronized void forget() {
    since.clear();
    restSinceNanos = 0;
  }

  /** Judges from now on, or no more. */
  synchronized void judge(boolean on) {
    judging = on;
  }

  /**
   * Whether for longer than the bound nothing has waited for long that could be sent: all that was
   * broken goes again.
   */
  synchronized boolean atRest() {
    return restSinceNanos != 0
        && System.nanoTime() - restSinceNanos > BOUND.plusSeconds(1).toNanos();
  }

  synchronized Map<String, String> tooLong() {
    return Map.copyOf(tooLong);
  }

  synchronized Duration longest() {
    return Duration.ofNanos(longestNanos);
  }

  @Override
  public void close() {
    stop.set();
  }
}
