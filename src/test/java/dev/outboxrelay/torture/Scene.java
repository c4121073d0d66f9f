// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Who takes part in a run: the server, the relays, and the receivers with their destinations. */
final class Scene implements AutoCloseable {
  final Path logs;
  final PostgresProcess postgres;
  final List<Station> stations = new ArrayList<>();
  final List<RelaySlot> relays = new ArrayList<>();

  Scene(long seed, int relayCount) throws Exception {
    logs = Files.createDirectories(Path.of("target", "torture", "seed-" + seed));
    for (int i = 1; i <= relayCount; i++) {
      Files.deleteIfExists(logs.resolve("relay-" + i + ".log"));
    }
    postgres =
        PostgresProcess.create(
            PostgresBinaries.embedded(),
            Map.of(
                "max_prepared_transactions", "50",
                "deadlock_timeout", "200ms",
                // What a writer does not wait for stays in memory until the server dies.
                "wal_writer_delay", "10s",
                "wal_writer_flush_after", "64MB",
                "log_min_messages", "fatal"));
    postgres.execute("postgres", "create database " + TortureRun.DATABASE);
    postgres.execute("postgres", "create role " + StrangerFaults.ROLE + " login");
    new Migrator(postgres.url(TortureRun.DATABASE), PostgresProcess.USER, "").migrate();
    postgres.execute(TortureRun.DATABASE, Legacy.SCHEMA);
    for (Legacy.Target target : Legacy.TARGETS) {
      attach(target, seed + stations.size());
    }
    for (int i = 1; i <= relayCount; i++) {
      relays.add(new RelaySlot(i, postgres, logs));
    }
  }

  private void attach(Legacy.Target target, long seed) throws SQLException {
    Station station = new Station(target, seed);
    stations.add(station);
    postgres.execute(
        TortureRun.DATABASE,
        """
        insert into outbox.destination (name, uri, max_in_flight, max_attempts, retry_initial,
            retry_max, ack_timeout, connect_timeout, on_failure)
          values ('%s', '%s', %d, 1000000, '100 ms', '1 s', '10 s', '1 s', '%s')
        """
            .formatted(
                target.name(),
                station.network.uri(),
                target.maxInFlight(),
                target.holds() ? "hold" : "skip"));
    for (String table : target.sources()) {
      if (!table.equals(Legacy.PUBLISHED)) {
        postgres.execute(TortureRun.DATABASE, Legacy.capture(table, target.name()));
      }
    }
  }

  /** All networks pass, and all logs are read. */
  void heal() {
    stations.forEach(station -> station.network.heal());
    relays.forEach(RelaySlot::heal);
  }

  @Override
  public void close() throws Exception {
    for (RelaySlot relay : relays) {
      relay.close();
    }
    for (Station station : stations) {
      station.close();
    }
    postgres.close();
  }
}
