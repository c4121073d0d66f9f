// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * Secrets and payloads are drawn, a relay that logs everything works with them while all around it
 * fails, and then its whole output is searched for them.
 */
@Tag("full")
final class LoggedWordsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  private final Random random = new Random();
  private final List<String> drawn = new ArrayList<>();

  /** A word that stands nowhere else. */
  private String word() {
    StringBuilder word = new StringBuilder();
    random.ints(16, 'a', 'z' + 1).forEach(letter -> word.append((char) letter));
    drawn.add(word.toString());
    return word.toString();
  }

  private String key() {
    String key =
        Base64.getEncoder().encodeToString((word() + word()).getBytes(StandardCharsets.UTF_8));
    drawn.add(key);
    return key;
  }

  private Path file(Path directory, String name, String text) throws Exception {
    Files.createDirectories(directory);
    Path file = Files.writeString(directory.resolve(name), text);
    file.toFile().setReadable(false, false);
    file.toFile().setReadable(true, true);
    return file;
  }

  private static HttpServer refusing() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(500, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "json"})
  void log_ofARelayInTrouble_holdsNoSecretAndNoPayload(String format) throws Exception {
    String password = word();
    Path secrets = folder.resolve("secrets");
    file(secrets, "hook", "whsec_" + key());
    String token = word() + word();
    Path tokens = file(folder, "tokens", "anna operator " + token + "\n");
    int port = Ports.free();
    HttpServer web = refusing();
    Path log = folder.resolve("relay.log");
    List<String> marks =
        List.of(
            "set aside as failed",
            "refused (attempt",
            "connection lost",
            "violates check constraint",
            "500 Internal Server Error");
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver good = ScriptedReceiver.start();
        ScriptedReceiver bad = ScriptedReceiver.start(line -> Reply.nack("no"));
        ScriptedReceiver rude = ScriptedReceiver.start(line -> Reply.cut())) {
      db.execute(
          "create table orders (id text primary key, note text)",
          "insert into outbox.destination (name, uri, max_attempts, retry_initial) values"
              + " ('good', '"
              + good.uri()
              + "', 10, '1 s'),"
              + " ('bad', '"
              + bad.uri()
              + "', 2, '100 ms'),"
              + " ('rude', '"
              + rude.uri()
              + "', 10, '100 ms')",
          "insert into outbox.destination (name, uri, options) values ('web',"
              + " 'http://127.0.0.1:"
              + web.getAddress().getPort()
              + "/x',"
              + " '{\"signing_secret\": {\"secret\": \"hook\"}}')",
          "select outbox.capture('orders', d) from unnest('{good,bad,rude,web}'::text[]) d");
      try (RelayProcess relay =
          RelayProcess.start(
              db.url(),
              db.user(),
              log,
              128,
              Map.of(
                  "OUTBOX_RELAY_DATABASE_PASSWORD",
                  db.password().isEmpty() ? password : db.password()),
              "--log-level",
              "debug",
              "--log-format",
              format,
              "--secrets-dir",
              secrets.toString(),
              "--console",
              "" + port,
              "--console-tokens",
              tokens.toString(),
              "--sweep",
              "5s")) {
        write(db);
        good.awaitLines(3, PATIENCE);
        rude.awaitLines(1, PATIENCE);
        Await.until(
            "set aside", PATIENCE, () -> db.count("select count(*) from outbox.failed") > 0);
        ask(port, token);
        // What the server says of a row that it refuses has the row in it.
        db.execute(
            "alter table outbox.parked add constraint parked_full check (state <> 'retry') not valid");
        write(db);
        for (String mark : marks) {
          Await.until("the log says " + mark, PATIENCE, () -> text(log).contains(mark));
        }
        assertTrue(relay.alive());
      }
    } finally {
      web.stop(0);
    }
    wrongAddress(log, format);
    searched(text(log), format);
  }

  /** The server's detail of a row that it refuses is the row. */
  @Test
  void log_ofACommandThatIsRefused_holdsNoPayload() throws Exception {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(OperatorOptions.class);
    lines.start();
    logger.addAppender(lines);
    try (TestDatabase db = TestDatabase.create()) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:9000')",
          "insert into outbox.message (destination, op, key, new_row, state) values"
              + " ('crm', 'message', 'k', to_jsonb('"
              + word()
              + "'::text), 'failed')",
          "alter table outbox.pending add constraint pending_full check (key <> 'k')");
      Map<String, String> variables =
          Map.of(
              "OUTBOX_RELAY_DATABASE_URL", db.url(),
              "OUTBOX_RELAY_DATABASE_USER", db.user(),
              "OUTBOX_RELAY_DATABASE_PASSWORD", db.password());
      CommandRun run =
          CommandRun.of(variables, "requeue", "--destination", "crm", "--log-level", "debug");
      assertTrue(run.err().contains("pending_full"), run.out() + run.err());
    } finally {
      logger.detachAppender(lines);
      CommandRun.of(Map.of(), "version", "--log-level", "info");
    }
    String text =
        lines.list.stream()
            .map(
                line ->
                    line.getFormattedMessage()
                        + ThrowableProxyUtil.asString(line.getThrowableProxy()))
            .collect(Collectors.joining("\n"));
    assertTrue(text.contains("pending_full"), text);
    searched(text, "text");
  }

  private void write(TestDatabase db) throws Exception {
    String id = word();
    db.execute(
        "insert into orders values ('" + id + "', '" + word() + "')",
        "update orders set note = '" + word() + "' where id = '" + id + "'",
        "delete from orders where id = '" + id + "'",
        "select outbox.publish(d, to_jsonb('"
            + word()
            + "'::text), key => '"
            + word()
            + "',"
            + " headers => '{\"x\": \""
            + word()
            + "\"}')"
            + " from unnest('{good,bad,rude,web}'::text[]) d");
  }

  private void ask(int port, String token) throws Exception {
    for (String each : List.of(token, word() + word())) {
      HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/?t=" + each))
                  .header("Authorization", "Bearer " + each)
                  .header("Cookie", "session=" + each)
                  .build(),
              HttpResponse.BodyHandlers.discarding());
    }
  }

  /** Nobody listens there; the address has a password in it, as some write it. */
  private void wrongAddress(Path log, String format) throws Exception {
    String url = "jdbc:postgresql://127.0.0.1:1/app?password=" + word();
    try (RelayProcess relay =
        RelayProcess.start(
            url, "relay", log, 64, Map.of(), "--log-level", "debug", "--log-format", format)) {
      Await.until(
          "it says what is wrong",
          PATIENCE,
          () -> !relay.alive() || text(log).contains("127.0.0.1:1"));
    }
  }

  private static String text(Path log) {
    try {
      return Files.readString(log);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void searched(String text, String format) throws Exception {
    if (format.equals("json")) {
      for (String line : text.lines().filter(each -> each.startsWith("{")).toList()) {
        assertTrue(new ObjectMapper().readTree(line).has("@timestamp"), line);
      }
    }
    List<String> found = new ArrayList<>();
    for (String word : drawn) {
      for (String as :
          List.of(
              word, Base64.getEncoder().encodeToString(word.getBytes(StandardCharsets.UTF_8)))) {
        text.lines().filter(line -> line.contains(as)).findFirst().ifPresent(found::add);
      }
    }
    assertEquals(List.of(), found);
  }
}
