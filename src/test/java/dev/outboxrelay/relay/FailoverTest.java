// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.Wire;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A primary and its standby, real ones, and a relay that is to work on whichever takes writes. */
final class FailoverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String DATABASE = "shop";
  private static final int KEYS = 5;

  private final ScriptedReceiver receiver = ScriptedReceiver.start();
  private final Watched events = new Watched();

  @AfterEach
  void tearDown() {
    receiver.close();
  }

  /** Hears why the relay has no database, and how often it found one. */
  private static final class Watched implements RelayEvents {
    final List<String> losses = new CopyOnWriteArrayList<>();
    final AtomicInteger connected = new AtomicInteger();

    @Override
    public void connected() {
      connected.incrementAndGet();
    }

    @Override
    public void databaseLost(String reason, long retryInMillis) {
      losses.add(reason);
    }
  }

  private PostgresProcess primary() throws Exception {
    PostgresProcess primary = PostgresProcess.create(PostgresBinaries.embedded(), Map.of());
    primary.execute("postgres", "create database " + DATABASE);
    new Migrator(primary.url(DATABASE), PostgresProcess.USER, "").migrate();
    primary.execute(
        DATABASE,
        "create table written (key int, number int, primary key (key, number))",
        "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')",
        "select outbox.capture('written', 'd', key => '{key}')");
    return primary;
  }

  /** A standby of it that has every commit before the writer hears of it. */
  private static PostgresProcess standbyOf(PostgresProcess primary) throws Exception {
    primary.stop();
    PostgresProcess standby =
        PostgresProcess.copyOf(
            primary,
            Map.of(
                "primary_conninfo",
                "host=127.0.0.1 port=" + primary.port() + " user=" + PostgresProcess.USER),
            true);
    primary.start();
    Await.until(
        "the standby follows",
        PATIENCE,
        () -> "1".equals(primary.value("postgres", "select count(*) from pg_stat_replication")));
    primary.execute(
        "postgres",
        "alter system set synchronous_standby_names = '*'",
        "alter system set synchronous_commit = 'remote_apply'",
        "select pg_reload_conf()");
    return standby;
  }

  private RunningRelay relay(String url) {
    return RunningRelay.start(
        RelayConfig.defaults(
            new DatabaseSettings(
                url, PostgresProcess.USER, "", 3, Duration.ofSeconds(5), Duration.ofSeconds(10)),
            "test"),
        events);
  }

  private static String url(PostgresProcess first, PostgresProcess second, String parameters) {
    return "jdbc:postgresql://127.0.0.1:"
        + first.port()
        + ",127.0.0.1:"
        + second.port()
        + "/"
        + DATABASE
        + parameters;
  }

  /** Writes on, each number of a key in a transaction of its own, until the server is gone. */
  private static Map<Integer, Integer> write(
      PostgresProcess server, Map<Integer, Integer> from, int atMost) {
    Map<Integer, Integer> last = new TreeMap<>(from);
    try (Connection c = server.connect(DATABASE);
        Statement s = c.createStatement()) {
      for (int n = 0; n < atMost; n++) {
        int key = n % KEYS;
        int number = last.getOrDefault(key, 0) + 1;
        s.execute("insert into written values (" + key + ", " + number + ")");
        last.put(key, number);
      }
    } catch (SQLException e) {
      // Gone, as it was meant to be: what was not answered may be there or not.
      return last;
    }
    return last;
  }

  /** Each key's numbers as they came, repeats left out. */
  private Map<Integer, List<Integer>> arrived() {
    Set<String> seen = new HashSet<>();
    Map<Integer, List<Integer>> numbers = new HashMap<>();
    for (ScriptedReceiver.Line line : receiver.lines()) {
      var row = Wire.parse(line.text()).path("new");
      if (seen.add(line.id())) {
        numbers
            .computeIfAbsent(row.path("key").asInt(), k -> new java.util.ArrayList<>())
            .add(row.path("number").asInt());
      }
    }
    return numbers;
  }

  private void awaitAll(Map<Integer, Integer> last) throws Exception {
    Await.until(
        "everything has arrived: " + last,
        PATIENCE,
        () -> {
          Map<Integer, List<Integer>> numbers = arrived();
          return last.entrySet().stream()
              .allMatch(e -> numbers.getOrDefault(e.getKey(), List.of()).contains(e.getValue()));
        });
    arrived()
        .forEach(
            (key, numbers) -> {
              List<Integer> complete =
                  java.util.stream.IntStream.rangeClosed(1, numbers.size()).boxed().toList();
              assertEquals(complete, numbers, "key " + key);
            });
  }

  private void failOver(String parameters) throws Exception {
    try (PostgresProcess primary = primary();
        PostgresProcess standby = standbyOf(primary);
        RunningRelay relay = relay(url(standby, primary, parameters))) {
      Map<Integer, Integer> written = write(primary, Map.of(), 200);
      awaitAll(written);
      assertEquals(List.of(), events.losses, "the standby was never taken for the one");

      Thread killer = new Thread(() -> killAfterSome(primary));
      killer.start();
      Map<Integer, Integer> more = write(primary, written, Integer.MAX_VALUE);
      killer.join();
      standby.execute("postgres", "select pg_promote()");
      // What was committed at the last moment, and never answered, counts as well.
      try (Connection c = standby.connect(DATABASE);
          Statement s = c.createStatement();
          var r = s.executeQuery("select key, max(number) from written group by key")) {
        while (r.next()) {
          assertTrue(r.getInt(2) >= more.get(r.getInt(1)), "the standby has every commit");
          more.put(r.getInt(1), r.getInt(2));
        }
      }
      awaitAll(write(standby, more, 200));
    }
  }

  private void killAfterSome(PostgresProcess primary) {
    try {
      long before = receiver.count();
      Await.until("some more", PATIENCE, () -> receiver.count() > before + 100);
      primary.kill();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void standbyNamedFirst_withoutTargetServerType_isPassedOverAndFailoverLosesNothing()
      throws Exception {
    failOver("");
  }

  @Test
  @Tag("full")
  void loadBalancedHosts_failover_losesAndReordersNothing() throws Exception {
    failOver("?loadBalanceHosts=true");
  }

  /** The URL's only server follows another one, and later does not. */
  @Test
  void serverDemotedAndPromoted_isWaitedForWithWords() throws Exception {
    try (PostgresProcess server = primary();
        RunningRelay relay = relay(server.url(DATABASE))) {
      Map<Integer, Integer> written = write(server, Map.of(), 50);
      awaitAll(written);
      server.stop();
      server.demote();
      server.start();
      Await.until(
          "the relay says what it waits for",
          PATIENCE,
          () -> events.losses.stream().anyMatch(r -> r.contains("is a standby")));
      assertEquals(1, events.connected.get());
      server.execute("postgres", "select pg_promote()");
      awaitAll(write(server, written, 50));
    }
  }

  /** Two that take writes: what a proxy leads to the other one must not serve the same term. */
  @Test
  @Tag("full")
  void proxyLedElsewhere_whileSessionsStand_endsTheTermAndTheNextIsWhollyThere() throws Exception {
    try (PostgresProcess old = primary();
        PostgresProcess next = standbyOf(old);
        FaultProxy proxy = FaultProxy.to(old.port());
        RunningRelay relay = relay(PostgresProcess.url(proxy.port(), DATABASE))) {
      Map<Integer, Integer> written = write(old, Map.of(), 50);
      awaitAll(written);
      next.execute("postgres", "select pg_promote()");
      proxy.redirect(next.port());
      old.execute(
          "postgres",
          "select pg_terminate_backend(pid) from pg_stat_activity"
              + " where application_name = 'outbox-relay'");
      Await.until(
          "the term ends",
          PATIENCE,
          () -> events.losses.stream().anyMatch(r -> r.contains("one and the same server")));
      awaitAll(write(next, written, 50));
      assertEquals(
          "0",
          old.value(
              "postgres",
              "select count(*) from pg_stat_activity where application_name like 'outbox-relay%'"));
    }
  }
}
