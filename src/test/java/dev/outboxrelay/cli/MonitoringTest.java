// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A relay, its receiver and a Prometheus: the board's queries find something, alerts of a relay
 * fire when the thing is broken, and the statement of the entry in the guide clears each.
 */
@Tag("full")
final class MonitoringTest {
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  @TempDir Path folder;

  @BeforeEach
  void needsPrometheus() {
    assumeTrue(Program.exists("prometheus"), "prometheus is missing: install Debian's package");
  }

  /** The rules, with thresholds of a test: what holds for minutes is not waited for. */
  private static String rules() throws Exception {
    return Files.readString(Path.of("packaging/monitoring/alerts.yml"))
        .replaceAll("for: \\w+", "for: 1s")
        .replace("[15m]", "[15s]");
  }

  /** The statement under an alert's name in the guide. */
  private static String remedy(String alert) throws Exception {
    Matcher found =
        Pattern.compile("## " + alert + "\n.*?```sql\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("docs/guides/alerts.md")));
    assertTrue(found.find(), alert);
    return found.group(1);
  }

  private final HttpClient client = HttpClient.newHttpClient();
  private int httpPort;
  private TestDatabase db;
  private ScriptedReceiver receiver;
  private RelayProcess running;
  private Prometheus prometheus;

  private interface Steps {
    void run() throws Exception;
  }

  private RelayProcess relay() throws Exception {
    return RelayProcess.start(
        db.url(), db.user(), folder.resolve("relay.log"), 128, flags().toArray(String[]::new));
  }

  private List<String> flags() {
    return List.of(
        "--database-password",
        db.password(),
        "--http-port",
        "" + httpPort,
        "--sweep",
        "5s",
        "--heartbeat-bound",
        "6s");
  }

  private void withRelay(Steps steps) throws Exception {
    httpPort = Ports.free();
    try (TestDatabase database = TestDatabase.create();
        ScriptedReceiver shop = ScriptedReceiver.start()) {
      db = database;
      receiver = shop;
      db.execute(
          "insert into outbox.destination (name, uri) values ('shop', '" + shop.uri() + "')");
      try (RelayProcess relay = relay();
          Prometheus scraping = Prometheus.start(folder, httpPort, rules())) {
        running = relay;
        prometheus = scraping;
        Await.until("the relay is ready", PATIENCE, () -> status("/health/ready") == 200);
        // While it started, it was not ready, and an alert may have fired.
        clears("OutboxRelayNotReady");
        clears("OutboxRelayAbsent");
        steps.run();
      }
    }
  }

  private int status(String path) throws InterruptedException {
    try {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + path)).build(),
              HttpResponse.BodyHandlers.discarding())
          .statusCode();
    } catch (IOException e) {
      return 0;
    }
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(db.url(), db.user(), db.password());
  }

  private static void run(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.execute(sql);
    }
  }

  private void fires(String alert) throws Exception {
    prometheus.await(alert, true, PATIENCE);
  }

  private void clears(String alert) throws Exception {
    prometheus.await(alert, false, PATIENCE);
  }

  private void firesAndIsClearedBy(String alert, String statement) throws Exception {
    fires(alert);
    db.execute(statement);
    clears(alert);
  }

  private void firesAndIsCleared(String alert) throws Exception {
    firesAndIsClearedBy(alert, remedy(alert));
  }

  @Test
  void board_eachQuery_findsSomething() throws Exception {
    withRelay(
        () -> {
          List<String> queries = new ArrayList<>();
          Matcher each =
              Pattern.compile("\"expr\": \"((?:[^\"\\\\]|\\\\.)*)\"")
                  .matcher(Files.readString(Path.of("packaging/monitoring/dashboard.json")));
          while (each.find()) {
            queries.add(
                each.group(1)
                    .replace("\\\"", "\"")
                    .replace("$destination", ".*")
                    .replace("$__rate_interval", "30s"));
          }
          assertTrue(queries.size() > 20, queries.toString());
          for (String query : queries) {
            Await.until(
                query,
                PATIENCE,
                () -> {
                  db.execute("select outbox.publish('shop', '{}')");
                  return prometheus.query(query).contains("\"value\":[");
                });
          }
        });
  }

  @Test
  void alertOfALimit_firesAndIsCleared() throws Exception {
    withRelay(
        () -> {
          db.execute(
              "select outbox.pause('shop')",
              "update outbox.destination set max_owed_bytes = 1000 where name = 'shop'",
              "select outbox.publish('shop', to_jsonb(repeat('x', 850)))");
          firesAndIsCleared("OutboxRelayDestinationNearLimit");
        });
  }

  @Test
  void alertOfMessagesThatFailed_firesAndIsCleared() throws Exception {
    withRelay(
        () -> {
          receiver.script(line -> Reply.nackForGood("no such customer"));
          db.execute("select outbox.publish('shop', '{}', 'a')");
          fires("OutboxRelayMessagesFailed");
          receiver.script(line -> Reply.ack());
          firesAndIsCleared("OutboxRelayMessagesFailed");
        });
  }

  @Test
  void alertsOfADestinationThatIsAway_fireAndAreCleared() throws Exception {
    withRelay(
        () -> {
          db.execute(
              "update outbox.destination set uri = 'tcp://localhost:1' where name = 'shop'",
              "insert into outbox.message (destination, op, new_row, created_at)"
                  + " values ('shop', 'message', '{}', now() - interval '1 hour')");
          fires("OutboxRelayDestinationBehind");
          String remedy = remedy("OutboxRelayDestinationDown");
          assertTrue(remedy.contains("tcp://localhost:9000"), remedy);
          firesAndIsClearedBy(
              "OutboxRelayDestinationDown", remedy.replace("tcp://localhost:9000", receiver.uri()));
          clears("OutboxRelayDestinationBehind");
        });
  }

  @Test
  void alertOfADestinationThatIsBehind_firesAndIsCleared() throws Exception {
    withRelay(
        () -> {
          receiver.script(line -> Reply.after(Duration.ofSeconds(1), Reply.ack()));
          db.execute(
              "update outbox.destination set max_in_flight = 1 where name = 'shop'",
              "insert into outbox.message (destination, op, new_row, created_at)"
                  + " select 'shop', 'message', '{}', now() - interval '1 hour'"
                  + " from generate_series(1, 500)");
          firesAndIsCleared("OutboxRelayDestinationBehind");
        });
  }

  @Test
  void alertOfADestinationWithoutOwner_firesAndIsCleared() throws Exception {
    withRelay(
        () -> {
          try (Connection stranger = connect()) {
            stranger.setAutoCommit(false);
            run(
                stranger,
                "insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:1')");
            run(
                stranger,
                "select pg_advisory_lock(7021002, doorbell) from outbox.destination"
                    + " where name = 'crm'");
            stranger.commit();
            firesAndIsCleared("OutboxRelayDestinationUnowned");
          }
        });
  }

  @Test
  void alertOfADestinationThatIsStalled_firesAndIsCleared() throws Exception {
    withRelay(
        () -> {
          db.execute(
              "select outbox.pause('shop')",
              "insert into outbox.message (destination, op, new_row, created_at)"
                  + " values ('shop', 'message', '{}', now() - interval '1 hour')");
          try (Connection forgotten = connect()) {
            forgotten.setAutoCommit(false);
            run(forgotten, "select from outbox.pending for update");
            db.execute("select outbox.resume('shop')");
            firesAndIsCleared("OutboxRelayDestinationStalled");
          }
        });
  }

  @Test
  void alertOfNoRelay_firesAndIsClearedByStartingOne() throws Exception {
    withRelay(
        () -> {
          running.kill();
          fires("OutboxRelayAbsent");
          try (RelayProcess another = relay()) {
            clears("OutboxRelayAbsent");
          }
        });
  }

  @Test
  void alertOfDroppedLogLines_firesAndIsClearedByReading() throws Exception {
    httpPort = Ports.free();
    String reason = "x".repeat(900);
    try (TestDatabase database = TestDatabase.create();
        ScriptedReceiver shop = ScriptedReceiver.start(line -> Reply.nackForGood(reason))) {
      db = database;
      db.execute(
          "insert into outbox.destination (name, uri) values ('shop', '" + shop.uri() + "')");
      List<String> flags = new ArrayList<>(flags());
      flags.addAll(List.of("--log-level", "debug"));
      try (RelayProcess relay =
              RelayProcess.startUnread(db.url(), db.user(), 128, flags.toArray(String[]::new));
          Prometheus scraping = Prometheus.start(folder, httpPort, rules())) {
        prometheus = scraping;
        Await.until("the relay is ready", PATIENCE, () -> status("/health/ready") == 200);
        db.execute("select count(outbox.publish('shop', '{}')) from generate_series(1, 2000)");
        fires("OutboxRelayLogLinesDropped");
        Thread reader = new Thread(() -> drain(relay), "log-reader");
        reader.setDaemon(true);
        reader.start();
        clears("OutboxRelayLogLinesDropped");
      }
    }
  }

  private static void drain(RelayProcess relay) {
    try {
      relay.output().transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // The relay has ended.
      return;
    }
  }

  @Test
  void alertOfWhatIsOwedUnknown_firesAndIsCleared() throws Exception {
    withRelay(
        () -> {
          try (Connection stranger = connect()) {
            Thread taking =
                new Thread(
                    () -> {
                      try {
                        run(stranger, "select pg_advisory_lock(7021004, 0)");
                      } catch (SQLException e) {
                        throw new IllegalStateException(e);
                      }
                    });
            taking.start();
            Await.until(
                "the stranger waits",
                PATIENCE,
                () ->
                    db.query(
                            "select count(*) from pg_locks where classid = 7021004 and not granted")
                        .equals(List.of("1")));
            db.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                    + " where application_name = 'outbox-relay observer'"
                    + " and datname = current_database()");
            taking.join();
            firesAndIsCleared("OutboxRelayOwedUnknown");
          }
        });
  }

  @Test
  void alertOfACopy_firesAndIsCleared() throws Exception {
    withRelay(
        () -> {
          db.execute(
              "insert into outbox.identity (database) values (1)"
                  + " on conflict (only_row) do update set database = 1");
          firesAndIsCleared("OutboxRelayCopy");
        });
  }

  @Test
  void alertOfARelayThatIsNotReady_firesAndIsCleared() throws Exception {
    withRelay(
        () -> {
          String name = db.query("select current_database()").get(0);
          try (Connection person = connect()) {
            run(person, "alter database " + name + " set default_transaction_read_only = on");
            run(
                person,
                "select pg_terminate_backend(pid) from pg_stat_activity"
                    + " where application_name like 'outbox-relay%'"
                    + " and datname = current_database()");
            fires("OutboxRelayNotReady");
            assertEquals(503, status("/health/ready"));
            run(person, remedy("OutboxRelayNotReady").replace("database app", "database " + name));
          }
          clears("OutboxRelayNotReady");
        });
  }
}
