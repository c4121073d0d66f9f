// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;

/** A database with destinations, and relays as processes: what tests of the whole begin with. */
final class Stage implements AutoCloseable {
  /** Long enough for a JVM to start on a busy machine. */
  static final Duration SOON = Duration.ofSeconds(90);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
  private static final int HEAP_MEGABYTES = 64;

  final TestDatabase database;
  private final List<RelayProcess> relays = new ArrayList<>();

  private Stage(TestDatabase database) {
    this.database = database;
  }

  static Stage open() throws SQLException {
    return new Stage(TestDatabase.create());
  }

  /**
   * Makes a destination.
   *
   * @param settings further columns, as in {@code max_attempts = 3, ack_timeout = '1 s'}
   */
  void destination(String name, String uri, String... settings) throws SQLException {
    database.execute(
        "insert into outbox.destination (name, uri) values ('" + name + "', '" + uri + "')");
    for (String setting : settings) {
      database.execute("update outbox.destination set " + setting + " where name = '" + name + "'");
    }
  }

  /** Publishes numbered messages in one transaction: payload {"n": from} to {"n": to}. */
  void publish(String destination, int from, int to, String keyExpression) throws SQLException {
    try (Connection connection = database.connect();
        PreparedStatement statement =
            connection.prepareStatement(
                "select count(outbox.publish(?, json_build_object('n', n), "
                    + keyExpression
                    + ")) from generate_series(?, ?) n")) {
      statement.setString(1, destination);
      statement.setInt(2, from);
      statement.setInt(3, to);
      statement.execute();
    }
  }

  /** Starts a relay by the name, straight to the database. */
  RelayProcess relay(String name, String... flags) throws Exception {
    return relay(name, database.url(), HEAP_MEGABYTES, flags);
  }

  RelayProcess relay(String name, String url, int heapMegabytes, String... flags) throws Exception {
    List<String> all =
        new ArrayList<>(List.of("--database-password", database.password(), "--name", name));
    all.addAll(List.of(flags));
    RelayProcess relay =
        RelayProcess.start(
            url,
            database.user(),
            Path.of("target", "torture", database.name() + "-" + name + ".log"),
            heapMegabytes,
            all.toArray(String[]::new));
    relays.add(relay);
    return relay;
  }

  /** Waits until a query gives this value. */
  void await(String sql, String expected, Duration atMost) throws Exception {
    await(
        () -> {
          for (RelayProcess relay : relays) {
            if (!relay.alive() && !relay.wasEnded()) {
              throw new IllegalStateException("a relay ended by itself, see " + relay.log());
            }
          }
          return expected.equals(database.query(sql).get(0));
        },
        atMost,
        sql);
  }

  void awaitNothingOwed(String destination, Duration atMost) throws Exception {
    await(
        "select count(*) from outbox.message where destination = '"
            + destination
            + "' and state in ('pending', 'retry', 'held')",
        "0",
        atMost);
  }

  /** Waits until every destination has an owner. */
  void awaitOwners() throws Exception {
    await("select count(*) from outbox.status where owner is null", "0", SOON);
  }

  static void await(Callable<Boolean> condition, Duration atMost, String what) throws Exception {
    long deadline = System.nanoTime() + atMost.toNanos();
    StopSignal never = new StopSignal();
    while (!condition.call()) {
      if (System.nanoTime() > deadline) {
        throw new TimeoutException("not within " + atMost + ": " + what);
      }
      never.await(LOOK_AGAIN);
    }
  }

  static void pause(Duration time) {
    new StopSignal().await(time);
  }

  @Override
  public void close() throws Exception {
    List<String> missed = new ArrayList<>();
    for (RelayProcess relay : relays) {
      relay.close();
      missed.addAll(relay.missed(false));
    }
    database.close();
    if (!missed.isEmpty()) {
      throw new AssertionError(String.join(System.lineSeparator(), missed));
    }
  }
}
