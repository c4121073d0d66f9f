// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.Wire;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The database comes back as another one: from a dump, and as a promoted standby. */
@Tag("alone")
@Timeout(240)
final class RestoreTest {
  private static final String DATABASE = "app";
  private static final Duration DELIVERED_WITHIN = Duration.ofSeconds(60);
  private static final String COUNT = "select count(*) from outbox.message";
  private static final String COPIED = "select outbox.copied()";

  @Test
  void dump_withOwedMessages_isDeliveredFromAClusterWhoseTransactionIdsAreSmaller()
      throws Exception {
    Optional<PostgresBinaries> installed =
        PostgresBinaries.installed("initdb", "postgres", "pg_dump", "pg_restore");
    assumeTrue(installed.isPresent(), "pg_dump is not installed");
    PostgresBinaries binaries = installed.get();
    Path dump = Files.createTempDirectory(Path.of("target"), "dump").resolve("app.dump");
    Set<Integer> arrived = ConcurrentHashMap.newKeySet();
    try (ScriptedReceiver receiver = collecting(arrived);
        PostgresProcess old = PostgresProcess.create(binaries, Map.of());
        PostgresProcess fresh = PostgresProcess.create(binaries, Map.of())) {
      prepare(old, receiver);
      // As the first relay does.
      old.execute(DATABASE, "select outbox_internal.claim()");
      useUpTransactionIds(old);
      publish(old, 1, 200);
      dump(binaries, "pg_dump", old, "-Fc", "-f", dump.toString(), DATABASE);
      // Roles belong to the cluster, not to the dump of a database.
      fresh.execute(
          "postgres",
          "create role outbox_relay",
          "create role outbox_operator",
          "create role outbox_publisher",
          "create database " + DATABASE);
      dump(binaries, "pg_restore", fresh, "-d", DATABASE, dump.toString());
      assertEquals("200", fresh.value(DATABASE, COUNT));
      assertEquals(
          "t",
          fresh.value(
              DATABASE,
              "select bool_and(xid > pg_snapshot_xmax(pg_current_snapshot())) from outbox.pending"),
          "the owed rows lie in this cluster's future");
      try (RelayProcess relay = relay(fresh)) {
        Stage.await(
            () -> Files.readString(relay.log()).contains(fresh.value(DATABASE, COPIED)),
            DELIVERED_WITHIN,
            "the relay says that this is a copy");
        assertEquals("200", fresh.value(DATABASE, COUNT));
        fresh.execute(DATABASE, "select outbox.adopt()");
        awaitNothingOwed(fresh);
        publish(fresh, 201, 300);
        awaitNothingOwed(fresh);
        assertTrue(relay.alive());
      }
      assertEquals(300, arrived.size());
    }
  }

  @Test
  void standby_promoted_deliversWhatWasOwedAndWhatIsNew() throws Exception {
    Set<Integer> arrived = ConcurrentHashMap.newKeySet();
    try (ScriptedReceiver receiver = collecting(arrived);
        PostgresProcess primary =
            PostgresProcess.create(PostgresBinaries.embedded(), Map.of("wal_level", "replica"))) {
      prepare(primary, receiver);
      primary.stop();
      try (PostgresProcess standby =
          PostgresProcess.copyOf(
              primary,
              Map.of(
                  "primary_conninfo",
                  "host=127.0.0.1 port=" + primary.port() + " user=" + PostgresProcess.USER,
                  "hot_standby",
                  "on"),
              true)) {
        primary.start();
        try (RelayProcess relay = relay(primary)) {
          publish(primary, 1, 100);
          awaitNothingOwed(primary);
          relay.kill();
        }
        publish(primary, 101, 200);
        String written = primary.value("postgres", "select pg_current_wal_lsn()");
        Stage.await(
            () ->
                "t"
                    .equals(
                        standby.value(
                            "postgres",
                            "select pg_last_wal_replay_lsn() >= '" + written + "'::pg_lsn")),
            DELIVERED_WITHIN,
            "the standby has replayed " + written);
        primary.kill();
        standby.execute("postgres", "select pg_promote()");
        try (RelayProcess relay = relay(standby)) {
          publish(standby, 201, 300);
          awaitNothingOwed(standby);
          assertTrue(relay.alive());
        }
      }
      assertEquals(300, arrived.size());
    }
  }

  private static ScriptedReceiver collecting(Set<Integer> numbers) {
    return ScriptedReceiver.startKeepingNothing(
        line -> {
          numbers.add(Wire.parse(line.text()).path("new").path("n").asInt());
          return Reply.ack();
        });
  }

  private static void prepare(PostgresProcess server, ScriptedReceiver receiver) throws Exception {
    server.execute("postgres", "create database " + DATABASE);
    new Migrator(server.url(DATABASE), PostgresProcess.USER, "").migrate();
    server.execute(
        DATABASE,
        "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')");
  }

  private static void publish(PostgresProcess server, int from, int to) throws Exception {
    server.execute(
        DATABASE,
        "select count(outbox.publish('d', json_build_object('n', n), (n % 10)::text)) from"
            + " generate_series("
            + from
            + ", "
            + to
            + ") n");
  }

  /** Far beyond what a fresh cluster uses for a restore. */
  private static void useUpTransactionIds(PostgresProcess server) throws Exception {
    server.execute(
        DATABASE,
        """
        do $$
        begin
          for i in 1..100000 loop
            perform pg_current_xact_id();
            commit;
          end loop;
        end
        $$
        """);
  }

  private static RelayProcess relay(PostgresProcess server) throws Exception {
    return RelayProcess.start(
        server.url(DATABASE),
        PostgresProcess.USER,
        Path.of("target", "torture", "restore-relay.log"),
        64);
  }

  private static void awaitNothingOwed(PostgresProcess server) throws Exception {
    Stage.await(() -> "0".equals(server.value(DATABASE, COUNT)), DELIVERED_WITHIN, COUNT);
  }

  private static void dump(
      PostgresBinaries binaries, String program, PostgresProcess server, String... arguments)
      throws Exception {
    binaries.run(
        program,
        java.util.stream.Stream.concat(
                java.util.stream.Stream.of(
                    "-h", "127.0.0.1", "-p", Integer.toString(server.port()), "-U", "postgres"),
                List.of(arguments).stream())
            .toList());
  }
}
