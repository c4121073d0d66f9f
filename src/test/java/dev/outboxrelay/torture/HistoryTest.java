// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.RelayProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What docs/guides/restore.md tells of real servers, with a receiver that drops ids that it knows.
 * In each history that gives numbers out again, the keys whose changes were lost are written again
 * afterwards: so what the receiver keeps in the end must be what the database holds.
 */
@Tag("alone")
@Tag("full")
@Timeout(900)
final class HistoryTest {
  private static final String DATABASE = "app";
  private static final Duration SOON = Duration.ofSeconds(180);
  private static final String OWED = "select count(*) from outbox.message";

  /** More than a sequence runs ahead in the log, so that a standby gives numbers out again. */
  private static final int LOST = 200;

  private static final long SEED = Long.getLong("history.seed", System.nanoTime());
  private static final int ROUNDS = Integer.getInteger("history.rounds", 3);
  private static final int KEYS = 100;

  private final Keeper keeper = new Keeper();
  private final List<AutoCloseable> open = new ArrayList<>();

  private PostgresProcess primary(Map<String, String> settings) throws Exception {
    PostgresProcess server = open(PostgresProcess.create(PostgresBinaries.embedded(), settings));
    prepare(server);
    return server;
  }

  private <T extends AutoCloseable> T open(T resource) {
    open.add(0, resource);
    return resource;
  }

  @org.junit.jupiter.api.AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    keeper.close();
  }

  private void prepare(PostgresProcess server) throws Exception {
    server.execute("postgres", "create database " + DATABASE);
    new Migrator(server.url(DATABASE), PostgresProcess.USER, "").migrate();
    server.execute(
        DATABASE,
        "create table orders (id int primary key, v text)",
        "insert into outbox.destination (name, uri) values ('d', '" + keeper.uri() + "')",
        "select outbox.capture('orders', 'd')");
  }

  /** Rows from 1 on: made, or changed; each in a transaction of its own. */
  private static void write(PostgresProcess server, int from, int to, String word)
      throws Exception {
    try (Connection c = server.connect(DATABASE);
        Statement s = c.createStatement()) {
      for (int id = from; id <= to; id++) {
        s.execute(
            "insert into orders values (%d, '%s') on conflict (id) do update set v = excluded.v"
                .formatted(id, word));
      }
    }
  }

  private static Map<String, String> rows(PostgresProcess server) throws Exception {
    Map<String, String> rows = new TreeMap<>();
    try (Connection c = server.connect(DATABASE);
        Statement s = c.createStatement();
        ResultSet r = s.executeQuery("select id::text, v from orders")) {
      while (r.next()) {
        rows.put(r.getString(1), r.getString(2));
      }
    }
    return rows;
  }

  private RelayProcess relay(PostgresProcess server, String... flags) throws Exception {
    return open(
        RelayProcess.start(
            server.url(DATABASE),
            PostgresProcess.USER,
            Files.createDirectories(Path.of("target", "torture"))
                .resolve("history-" + server.port() + ".log"),
            64,
            flags));
  }

  private static void awaitNothingOwed(PostgresProcess server) throws Exception {
    Stage.await(() -> "0".equals(server.value(DATABASE, OWED)), SOON, OWED);
  }

  private static void awaitReplayed(PostgresProcess primary, PostgresProcess standby)
      throws Exception {
    String written = primary.value("postgres", "select pg_current_wal_lsn()");
    String replayed = "select pg_last_wal_replay_lsn() >= '" + written + "'::pg_lsn";
    Stage.await(() -> "t".equals(standby.value("postgres", replayed)), SOON, replayed);
  }

  private void assertKeptEqualsDatabase(PostgresProcess server) throws Exception {
    assertEquals(rows(server), keeper.rows());
    assertEquals(List.of(), keeper.problems());
  }

  @Test
  void coldCopy_putBack_goesOnByItselfAndRepeatsNoId() throws Exception {
    PostgresProcess first = primary(Map.of());
    try (RelayProcess relay = relay(first)) {
      write(first, 1, 50, "before");
      awaitNothingOwed(first);
    }
    write(first, 1, 10, "owed in the copy");
    first.stop();
    PostgresProcess copy = open(PostgresProcess.copyOf(first, Map.of(), false));
    copy.stop();
    first.start();
    try (RelayProcess relay = relay(first)) {
      write(first, 11, 50 + LOST, "lost");
      awaitNothingOwed(first);
    }
    first.kill();
    copy.start();
    try (RelayProcess relay = relay(copy)) {
      write(copy, 11, 50 + LOST, "after");
      awaitNothingOwed(copy);
      assertTrue(relay.alive());
    }
    assertTrue(keeper.numbersOfSeveralChanges() > LOST / 2, "no number was given out again");
    assertKeptEqualsDatabase(copy);
  }

  @Test
  void standby_promotedWithoutLag_goesOnByItself() throws Exception {
    PostgresProcess primary = primary(Map.of("wal_level", "replica"));
    PostgresProcess standby = open(standbyOf(primary));
    try (RelayProcess relay = relay(primary)) {
      write(primary, 1, 50, "before");
      awaitNothingOwed(primary);
    }
    write(primary, 51, 100, "owed");
    awaitReplayed(primary, standby);
    primary.kill();
    standby.execute("postgres", "select pg_promote()");
    try (RelayProcess relay = relay(standby)) {
      write(standby, 1, 150, "after");
      awaitNothingOwed(standby);
    }
    assertKeptEqualsDatabase(standby);
  }

  /** As after an outage: commits that the standby had not received are gone. */
  @Test
  void standby_promotedWithLag_repeatsNoIdAndNoEpoch() throws Exception {
    PostgresProcess primary = primary(Map.of("wal_level", "replica"));
    PostgresProcess standby = open(standbyOf(primary));
    try (RelayProcess relay = relay(primary)) {
      write(primary, 1, 50, "before");
      awaitNothingOwed(primary);
    }
    awaitReplayed(primary, standby);
    standby.stop();
    // Each start raises the epoch; the standby hears of none of them.
    for (int start = 0; start < 3; start++) {
      try (RelayProcess relay = relay(primary)) {
        write(primary, 50 + start, 50 + start + LOST, "lost");
        awaitNothingOwed(primary);
      }
    }
    long epochOfTheOld = keeper.greatestEpoch();
    primary.kill();
    standby.start();
    standby.execute("postgres", "select pg_promote()");
    try (RelayProcess relay = relay(standby)) {
      write(standby, 50, 52 + LOST, "after");
      awaitNothingOwed(standby);
    }
    assertTrue(keeper.numbersOfSeveralChanges() > LOST / 2, "no number was given out again");
    assertTrue(keeper.smallestEpochOf("after") > epochOfTheOld);
    assertKeptEqualsDatabase(standby);
  }

  /** Writers of every kind, and one failover after the other, each with lag. */
  @Test
  void delayedStandbys_promotedOneAfterTheOther_repeatNoIdAndNoEpoch() throws Exception {
    Random random = new Random(SEED);
    PostgresProcess primary = primary(Map.of("wal_level", "replica"));
    long epoch = 0;
    for (int round = 1; round <= ROUNDS; round++) {
      PostgresProcess standby = open(standbyOf(primary));
      RelayProcess relay = relay(primary);
      StopSignal stop = new StopSignal();
      List<Thread> writers = new ArrayList<>();
      for (int each = 0; each < 3; each++) {
        String word = "round " + round + " writer " + each;
        PostgresProcess server = primary;
        long seed = random.nextLong();
        Thread writer = new Thread(() -> scribble(server, new Random(seed), word, stop), word);
        writer.start();
        writers.add(writer);
      }
      String ofThisRound = "round " + round + " ";
      Stage.await(() -> keeper.smallestEpochOf(ofThisRound) > 0, SOON, ofThisRound);
      Stage.pause(Duration.ofMillis(random.nextInt(1000)));
      standby.stop();
      // Commits that will be lost are sent.
      long enough = keeper.count() + LOST + random.nextInt(LOST);
      Stage.await(() -> keeper.count() > enough, SOON, "lines while the standby lags");
      primary.kill();
      stop.set();
      for (Thread writer : writers) {
        writer.join();
      }
      relay.kill();
      assertTrue(keeper.smallestEpochOf(ofThisRound) > epoch, "seed " + SEED);
      epoch = keeper.greatestEpoch();
      standby.start();
      standby.execute("postgres", "select pg_promote()");
      primary = standby;
    }
    try (RelayProcess relay = relay(primary)) {
      write(primary, 1, KEYS, "at last");
      awaitNothingOwed(primary);
    }
    assertTrue(keeper.numbersOfSeveralChanges() > 0, "no number was given out again");
    assertKeptEqualsDatabase(primary);
  }

  /** Writes until the server is gone. */
  private static void scribble(
      PostgresProcess server, Random random, String word, StopSignal stop) {
    String[] kinds = {
      "insert into orders values (%1$d, '%2$s') on conflict (id) do update set v = excluded.v",
      "update orders set v = '%2$s' where id between %1$d and %1$d + 3",
      "delete from orders where id = %1$d",
      "begin; delete from orders where id = %1$d; rollback",
      "begin; update orders set v = '%2$s' where id = %1$d; select pg_sleep(0.01); commit"
    };
    try (Connection c = server.connect(DATABASE);
        Statement s = c.createStatement()) {
      while (!stop.await(Duration.ofMillis(random.nextInt(3)))) {
        String kind = kinds[random.nextInt(kinds.length)];
        s.execute(kind.formatted(1 + random.nextInt(KEYS), word + " " + random.nextInt(1000)));
      }
    } catch (SQLException e) {
      return; // the server was killed, or two writers met in a deadlock
    }
  }

  /** Nobody has fenced the old primary: its relay, which never stopped, is told by its epoch. */
  @Test
  void oldPrimary_stillRunning_hasTheSmallerEpoch() throws Exception {
    PostgresProcess primary = primary(Map.of("wal_level", "replica"));
    PostgresProcess standby = open(standbyOf(primary));
    awaitReplayed(primary, standby);
    standby.stop();
    for (int start = 0; start < 3; start++) {
      try (RelayProcess relay = relay(primary)) {
        write(primary, 1, 1 + start, "old");
        awaitNothingOwed(primary);
      }
    }
    relay(primary);
    write(primary, 1, LOST, "old");
    awaitNothingOwed(primary);
    standby.start();
    standby.execute("postgres", "select pg_promote()");
    relay(standby);
    write(standby, 1, LOST, "new");
    write(primary, LOST + 1, 2 * LOST, "old");
    awaitNothingOwed(standby);
    awaitNothingOwed(primary);
    assertTrue(keeper.smallestEpochOf("new") > keeper.greatestEpochOf("old"));
    assertEquals(List.of(), keeper.problems());
  }

  /** A point in time: a base backup beside the original, which nothing tells from it. */
  @Test
  void baseBackup_startedInPlaceOfTheOriginal_goesOnByItself() throws Exception {
    PostgresProcess first = primary(Map.of("wal_level", "replica"));
    try (RelayProcess relay = relay(first)) {
      write(first, 1, 50, "before");
      awaitNothingOwed(first);
    }
    PostgresProcess restored = open(PostgresProcess.backupOf(first, Map.of(), false));
    try (RelayProcess relay = relay(first)) {
      write(first, 51, 50 + LOST, "lost");
      awaitNothingOwed(first);
    }
    first.kill();
    try (RelayProcess relay = relay(restored)) {
      write(restored, 51, 50 + LOST, "after");
      awaitNothingOwed(restored);
    }
    assertTrue(keeper.numbersOfSeveralChanges() > LOST / 2, "no number was given out again");
    assertKeptEqualsDatabase(restored);
  }

  @Test
  void upgradedCluster_waitsForAdoptionAndGoesOn() throws Exception {
    Optional<PostgresBinaries> installed =
        PostgresBinaries.installed("initdb", "postgres", "pg_upgrade", "pg_dump", "pg_restore");
    assumeTrue(installed.isPresent(), "pg_upgrade is not installed");
    PostgresBinaries binaries = installed.get();
    PostgresProcess old = open(PostgresProcess.create(binaries, Map.of()));
    prepare(old);
    try (RelayProcess relay = relay(old)) {
      write(old, 1, 50, "before");
      awaitNothingOwed(old);
    }
    write(old, 40, 60, "owed");
    old.stop();
    PostgresProcess upgraded = open(PostgresProcess.create(binaries, Map.of()));
    upgraded.stop();
    upgrade(binaries, old, upgraded);
    upgraded.start();
    RelayProcess relay = relay(upgraded);
    awaitInLog(relay, "nothing is sent");
    assertEquals("21", upgraded.value(DATABASE, OWED));
    upgraded.execute(DATABASE, "select outbox.adopt()");
    write(upgraded, 1, 100, "after");
    awaitNothingOwed(upgraded);
    assertKeptEqualsDatabase(upgraded);
  }

  private static void upgrade(
      PostgresBinaries binaries, PostgresProcess old, PostgresProcess upgraded) throws Exception {
    String bin = Path.of(binaries.program("postgres")).getParent().toString();
    // pg_upgrade leaves a script where it is started.
    Path socket = Files.createTempDirectory("up");
    socket.toFile().setReadable(true, false);
    socket.toFile().setExecutable(true, false);
    socket.toFile().setWritable(true, false);
    binaries.run(
        socket,
        "pg_upgrade",
        List.of(
            "-b",
            bin,
            "-B",
            bin,
            "-U",
            PostgresProcess.USER,
            "-s",
            socket.toString(),
            "-p",
            Integer.toString(old.port()),
            "-P",
            Integer.toString(upgraded.port()),
            "-d",
            old.dataDirectory().toString(),
            "-D",
            upgraded.dataDirectory().toString()));
  }

  private static void awaitInLog(RelayProcess relay, String words) throws Exception {
    Stage.await(() -> Files.readString(relay.log()).contains(words), SOON, words);
  }

  /** Publisher and subscriber as docs/guides/restore.md has them. */
  private PostgresProcess subscriberOf(PostgresProcess old) throws Exception {
    PostgresProcess subscriber = primary(Map.of("wal_level", "logical"));
    old.execute(DATABASE, "create publication p for table orders, outbox.pending, outbox.parked");
    subscriber.execute(
        DATABASE,
        "create subscription s connection 'host=127.0.0.1 port=%d user=%s dbname=%s' publication p"
            .formatted(old.port(), PostgresProcess.USER, DATABASE));
    return subscriber;
  }

  private static void awaitSubscribed(PostgresProcess old, PostgresProcess subscriber)
      throws Exception {
    for (String sql :
        Stream.of("select count(*) from orders", OWED, "select coalesce(max(v), '') from orders")
            .toList()) {
      Stage.await(
          () -> old.value(DATABASE, sql).equals(subscriber.value(DATABASE, sql)), SOON, sql);
    }
    String written = old.value("postgres", "select pg_current_wal_lsn()");
    String confirmed =
        "select bool_and(confirmed_flush_lsn >= '"
            + written
            + "'::pg_lsn) from pg_replication_slots";
    Stage.await(() -> "t".equals(old.value("postgres", confirmed)), SOON, confirmed);
  }

  @Test
  void logicalReplication_relayFirst_failsNoWriteAndLosesNothing() throws Exception {
    PostgresProcess old = primary(Map.of("wal_level", "logical"));
    try (RelayProcess relay = relay(old)) {
      write(old, 1, 50, "before");
      awaitNothingOwed(old);
    }
    PostgresProcess subscriber = subscriberOf(old);
    write(old, 40, 60, "owed");
    awaitSubscribed(old, subscriber);
    subscriber.execute(DATABASE, "drop subscription s", "select outbox.mend_ids()");
    write(subscriber, 61, 100, "after");
    try (RelayProcess relay = relay(subscriber)) {
      awaitNothingOwed(subscriber);
    }
    assertKeptEqualsDatabase(subscriber);
  }

  @Test
  void logicalReplication_writersFirst_failsNoWriteAndLosesNothing() throws Exception {
    PostgresProcess old = primary(Map.of("wal_level", "logical"));
    PostgresProcess subscriber = subscriberOf(old);
    RelayProcess relay = relay(old);
    write(old, 1, 60, "before");
    awaitNothingOwed(old);
    relay.kill();
    write(old, 40, 60, "owed");
    awaitSubscribed(old, subscriber);
    subscriber.execute(DATABASE, "select outbox.mend_ids()");
    write(subscriber, 61, 100, "after");
    relay(old);
    awaitNothingOwed(old);
    Stage.await(
        () -> "40".equals(subscriber.value(DATABASE, OWED)), SOON, "deletes are replicated");
    subscriber.execute(DATABASE, "drop subscription s");
    relay(subscriber);
    awaitNothingOwed(subscriber);
    assertKeptEqualsDatabase(subscriber);
  }

  /** Without the statement that the page names: the relay mends what it finds. */
  @Test
  void sequenceBehindReplicatedRows_isMendedByTheRelayThatTakesOver() throws Exception {
    PostgresProcess old = primary(Map.of("wal_level", "logical"));
    PostgresProcess subscriber = subscriberOf(old);
    write(old, 1, 60, "owed");
    awaitSubscribed(old, subscriber);
    subscriber.execute(DATABASE, "drop subscription s");
    assertEquals("60", subscriber.value(DATABASE, "select outbox_internal.ids_behind()"));
    keeper.refuse(true);
    relay(subscriber);
    Stage.await(
        () -> subscriber.value(DATABASE, "select outbox_internal.ids_behind()") == null,
        SOON,
        "the sequence is mended");
    write(subscriber, 61, 100, "after");
    keeper.refuse(false);
    awaitNothingOwed(subscriber);
    assertKeptEqualsDatabase(subscriber);
  }

  private static PostgresProcess standbyOf(PostgresProcess primary) throws Exception {
    return PostgresProcess.backupOf(
        primary,
        Map.of(
            "primary_conninfo",
            "host=127.0.0.1 port=" + primary.port() + " user=" + PostgresProcess.USER,
            "hot_standby",
            "on"),
        true);
  }
}
