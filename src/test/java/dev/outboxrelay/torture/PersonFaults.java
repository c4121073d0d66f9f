// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.torture.ReceiverScript.Mood;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a person does with SQL, at whatever moment: none of it may delay what could be sent. */
final class PersonFaults implements FaultFamily {
  private static final Duration AGAIN = Duration.ofMillis(5);
  private static final Duration BETWEEN_DISCARDS = Duration.ofMillis(20);
  private static final Duration TRY_AGAIN = Duration.ofMillis(200);
  private static final Duration PERSIST_FOR = Duration.ofSeconds(50);

  private static final int CAPTURE_TRIES = 5;

  private final PostgresProcess postgres;
  private final List<Station> stations;

  PersonFaults(PostgresProcess postgres, List<Station> stations) {
    this.postgres = postgres;
    this.stations = stations;
  }

  @Override
  public @Nullable Fault fault(FaultKind kind, Chance chance) {
    Station station = chance.station();
    String name = station.name();
    int millis = chance.shortMillis();
    return switch (kind) {
      case REQUEUED -> Fault.at(station, stop -> requeue(stop, station, millis));
      case DISCARDED -> {
        Station holding = Station.thatHolds(stations);
        yield Fault.at(holding, stop -> discard(stop, holding, millis));
      }
      case PAUSED ->
          Fault.at(
              station,
              Fault.between(
                  millis,
                  () -> persist("select outbox.pause('" + name + "')"),
                  () -> persist("select outbox.resume('" + name + "')")));
      case SETTINGS_CHANGED ->
          Fault.at(
              station,
              Fault.between(
                  millis,
                  () ->
                      persist(
                          settings(
                              station, "localhost", station.inbox.target().maxInFlight() / 2, 150)),
                  () ->
                      persist(
                          settings(
                              station, "127.0.0.1", station.inbox.target().maxInFlight(), 100))));
      case CAPTURED_ANEW -> {
        Station captured = station.captures() ? station : stations.get(0);
        yield Fault.at(captured, stop -> captureAnew(stop, captured));
      }
      default -> null;
    };
  }

  private static String settings(Station station, String host, int maxInFlight, int retryMillis) {
    return """
        update outbox.destination
        set uri = 'tcp://%s:%d', max_in_flight = %d, retry_initial = '%d ms' where name = '%s'
        """
        .formatted(host, station.network.port(), maxInFlight, retryMillis, station.name());
  }

  /** At once after the refusal, again and again, from another session than the relay's. */
  private long requeue(StopSignal stop, Station station, int millis) {
    station.script.mood(Mood.REFUSING);
    long until = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    String sql =
        """
        select count(*) filter (where outbox.requeue(m.id)) from (
          select id from outbox.message
          where destination = '%s' and state in ('retry', 'failed') limit 50) m
        """
            .formatted(station.name());
    long requeued = 0;
    try (Connection connection = postgres.connect(TortureRun.DATABASE);
        Statement statement = connection.createStatement()) {
      statement.execute(DiskTimes.NEVER);
      do {
        try (ResultSet count = statement.executeQuery(sql)) {
          count.next();
          requeued += count.getLong(1);
        }
      } while (!stop.await(AGAIN) && System.nanoTime() < until);
    } catch (SQLException e) {
      // The server was killed meanwhile, which ends this too.
    } finally {
      station.script.mood(Mood.ACKNOWLEDGING);
    }
    return requeued;
  }

  /** Messages in any state, refused ones among them; what was discarded is written down with it. */
  private long discard(StopSignal stop, Station station, int millis) {
    station.script.mood(Mood.REFUSING_FOR_GOOD);
    long discarded = 0;
    long until = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    try (Connection connection = postgres.connect(TortureRun.DATABASE);
        Statement statement = connection.createStatement()) {
      statement.execute(DiskTimes.NEVER);
      connection.setAutoCommit(false);
      do {
        discarded += discardOne(connection, station.name()) ? 1 : 0;
      } while (!stop.await(BETWEEN_DISCARDS) && System.nanoTime() < until);
    } catch (SQLException e) {
      // The server was killed meanwhile, which ends this too.
    } finally {
      station.script.mood(Mood.ACKNOWLEDGING);
    }
    return discarded;
  }

  private static boolean discardOne(Connection connection, String destination) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          insert into legacy.discarded (destination, id, source, key, before, after)
            select m.destination, m.id, m.source_table, m.key, (m.old_row ->> 'mark')::bigint,
              (m.new_row ->> 'mark')::bigint
            from outbox.message m
            where m.destination = '%s' and m.state <> 'delivered' order by random() limit 1
          """
              .formatted(destination));
      boolean gone = false;
      try (ResultSet row =
          statement.executeQuery(
              "select outbox.discard(d.id) from legacy.discarded d"
                  + " where d.xid = pg_current_xact_id()")) {
        gone = row.next() && row.getBoolean(1);
      }
      if (gone) {
        connection.commit();
      } else {
        connection.rollback();
      }
      return gone;
    }
  }

  /** Each table by itself; what a writer is in the way of is tried again, a few times. */
  private long captureAnew(StopSignal stop, Station station) {
    long captured = 0;
    for (String table : station.inbox.target().sources()) {
      if (table.equals(Legacy.PUBLISHED)) {
        continue;
      }
      int triesLeft = CAPTURE_TRIES;
      boolean done = captureAnew(table, station.name());
      while (!done && --triesLeft > 0 && !stop.await(TRY_AGAIN)) {
        done = captureAnew(table, station.name());
      }
      captured += done ? 1 : 0;
    }
    return captured;
  }

  /** In one transaction, so that no change is left out; writers wait for it, and it for them. */
  private boolean captureAnew(String table, String destination) {
    try (Connection connection = postgres.connect(TortureRun.DATABASE);
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("set local lock_timeout = '1 s'");
      statement.execute("select outbox.release('legacy." + table + "', '" + destination + "')");
      statement.execute(Legacy.capture(table, destination));
      connection.commit();
      return true;
    } catch (SQLException e) {
      // A writer was in the way for too long, or the server was killed: nothing has changed.
      return false;
    }
  }

  /** A person who is told that the server is not there comes again. */
  private void persist(String sql) throws SQLException {
    long deadline = System.nanoTime() + PERSIST_FOR.toNanos();
    StopSignal never = new StopSignal();
    while (true) {
      try (Connection connection = postgres.connect(TortureRun.DATABASE);
          Statement statement = connection.createStatement()) {
        statement.execute(sql);
        return;
      } catch (SQLException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        never.await(TRY_AGAIN);
      }
    }
  }
}
