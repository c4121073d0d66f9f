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
  private static final Duration TRY_AGAIN = Duration.ofMillis(200);
  private static final Duration PERSIST_FOR = Duration.ofSeconds(50);

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
      case CAPTURED_ANEW -> Fault.at(station, stop -> captureAnew(station));
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
  private void requeue(StopSignal stop, Station station, int millis) {
    station.script.mood(Mood.REFUSING);
    long until = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    try (Connection connection = postgres.connect(TortureRun.DATABASE);
        Statement statement = connection.createStatement()) {
      do {
        statement.execute(
            """
            select count(outbox.requeue(m.id)) from (
              select id from outbox.message
              where destination = '%s' and state in ('retry', 'failed') limit 50) m
            """
                .formatted(station.name()));
      } while (!stop.await(AGAIN) && System.nanoTime() < until);
    } catch (SQLException e) {
      // The server was killed meanwhile, which ends this too.
    } finally {
      station.script.mood(Mood.ACKNOWLEDGING);
    }
  }

  /** Messages in any state, refused ones among them; what was discarded is written down with it. */
  private void discard(StopSignal stop, Station station, int millis) {
    station.script.mood(Mood.REFUSING_FOR_GOOD);
    long until = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    try (Connection connection = postgres.connect(TortureRun.DATABASE)) {
      connection.setAutoCommit(false);
      do {
        discardOne(connection, station.name());
      } while (!stop.await(TRY_AGAIN) && System.nanoTime() < until);
    } catch (SQLException e) {
      // The server was killed meanwhile, which ends this too.
    } finally {
      station.script.mood(Mood.ACKNOWLEDGING);
    }
  }

  private static void discardOne(Connection connection, String destination) throws SQLException {
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
    }
  }

  /** In one transaction, so that no change is left out; writers wait for it, and it for them. */
  private void captureAnew(Station station) {
    for (String table : station.inbox.target().sources()) {
      if (table.equals(Legacy.PUBLISHED)) {
        continue;
      }
      try (Connection connection = postgres.connect(TortureRun.DATABASE);
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.execute("set local lock_timeout = '1 s'");
        statement.execute(
            "select outbox.release('legacy." + table + "', '" + station.name() + "')");
        statement.execute(Legacy.capture(table, station.name()));
        connection.commit();
      } catch (SQLException e) {
        // A writer was in the way for too long, or the server was killed: nothing has changed.
      }
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
