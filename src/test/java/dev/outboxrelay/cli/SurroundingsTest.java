// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.JavaProcess;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The machine's time zone, locale and encoding, which the program must not depend on. */
final class SurroundingsTest {
  private static final int LOGIN_TIMEOUT_MILLIS = 60_000;
  private static final Pattern NOT_ASCII = Pattern.compile("[^\\x00-\\x7f]");

  /** Everything that a program can be given to read and write by, and each of it unfit. */
  private static final Map<String, String> HOSTILE =
      Map.of(
          "LC_ALL", "C",
          "TZ", "Asia/Calcutta",
          "JAVA_TOOL_OPTIONS",
              "-Duser.timezone=IST -Duser.language=ar -Duser.country=EG -Dfile.encoding=US-ASCII");

  @TempDir Path folder;

  /** A server says no to a time zone whose name it does not know: which one it gets is asked. */
  @ParameterizedTest
  @CsvSource({"TZ, Asia/Calcutta", "JAVA_TOOL_OPTIONS, -Duser.timezone=IST"})
  void timeZone_ofTheMachine_isNotWhatTheServerIsTold(String variable, String value)
      throws Exception {
    try (ServerSocket server = new ServerSocket(0);
        JavaProcess program =
            JavaProcess.start(
                JavaProcess.program(
                    "migrate",
                    "--database-url=jdbc:postgresql://localhost:"
                        + server.getLocalPort()
                        + "/shop?sslmode=disable&gssEncMode=disable",
                    "--database-user=u"),
                Map.of(variable, value),
                folder.resolve("log"))) {
      server.setSoTimeout(LOGIN_TIMEOUT_MILLIS);
      String startup = startupPacket(server);
      assertTrue(startup.contains("TimeZone\0UTC\0"), startup.replace('\0', ' '));
      assertTrue(program.isAlive());
    }
  }

  private static String startupPacket(ServerSocket server) throws IOException {
    try (Socket login = server.accept()) {
      DataInputStream in = new DataInputStream(login.getInputStream());
      return new String(in.readNBytes(in.readInt() - Integer.BYTES), StandardCharsets.UTF_8);
    }
  }

  @Test
  void program_inUnfitSurroundings_migratesDeliversAndTellsAsAnywhere() throws Exception {
    int httpPort = Ports.free();
    try (TestDatabase db = TestDatabase.createEmpty();
        ScriptedReceiver receiver = ScriptedReceiver.start(line -> Reply.nackForGood("größer"))) {
      try (JavaProcess migrate = start(db, "migrate")) {
        assertEquals(ExitCode.OK, migrate.awaitExit(), migrate.output());
      }
      db.execute(
          "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')",
          "insert into outbox.destination (name, uri, options) values"
              + " ('t', 'tls://localhost:1', '{\"tls_ca\": \"/etc/größer.pem\"}')",
          "select outbox.publish(name, '{\"wie\": \"größer\", \"n\": 1234567}')"
              + " from outbox.destination");
      try (JavaProcess relay =
          start(db, "run", "--http-port", "" + httpPort, "--http-host", "127.0.0.1")) {
        String line = receiver.awaitLines(1, Duration.ofSeconds(60)).get(0).text();
        assertTrue(line.contains("\"wie\": \"größer\", \"n\": 1234567"), line);
        assertFalse(NOT_ASCII.matcher(line.replace("größer", "")).find(), line);

        relay.awaitOutput("größer");
        Await.until("the message is set aside", () -> db.count(FAILED) == 1);
        assertFalse(NOT_ASCII.matcher(relay.output().replace("größer", "")).find());
        String metrics = get(httpPort, "/metrics");
        assertTrue(metrics.contains("destination_failed_total{destination=\"d\"} 1.0"), metrics);

        Await.until("what cannot be named is told", () -> db.count(NO_FILE) == 1);
      }
    }
  }

  private static final String FAILED =
      "select count(*) from outbox.failed where last_error like '%größer%'";
  private static final String NO_FILE =
      "select count(*) from outbox.status where destination = 't' and last_error like '%LC_ALL%'";

  private JavaProcess start(TestDatabase db, String... arguments) throws IOException {
    return JavaProcess.start(
        JavaProcess.program(arguments),
        Map.of(
            "LC_ALL", HOSTILE.get("LC_ALL"),
            "TZ", HOSTILE.get("TZ"),
            "JAVA_TOOL_OPTIONS", HOSTILE.get("JAVA_TOOL_OPTIONS"),
            "OUTBOX_RELAY_DATABASE_URL", db.url(),
            "OUTBOX_RELAY_DATABASE_USER", db.user(),
            "OUTBOX_RELAY_DATABASE_PASSWORD", db.password()),
        folder.resolve(arguments[0] + ".log"));
  }

  private static String get(int port, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /** The shell makes the variable of bytes: this process might not be able to write it either. */
  @Test
  void variable_thatTheLocaleCannotRead_isNamedWithoutItsValue() throws Exception {
    String script =
        "export OUTBOX_RELAY_DATABASE_PASSWORD=$(printf 'p\\303\\244xyz') LC_ALL=C; exec \"$@\"";
    List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh"));
    command.addAll(JavaProcess.program("migrate", "--database-url=jdbc:postgresql:x"));
    try (JavaProcess migrate = JavaProcess.start(command, Map.of(), folder.resolve("log"))) {
      assertEquals(ExitCode.USAGE, migrate.awaitExit(), migrate.output());
      assertTrue(migrate.output().contains("OUTBOX_RELAY_DATABASE_PASSWORD"), migrate.output());
      assertTrue(migrate.output().contains("LC_ALL=C.UTF-8"), migrate.output());
      assertFalse(migrate.output().contains("xyz"), migrate.output());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--database-password=p\uFFFDx, --database-password",
    "--database-password p\uFFFDx, --database-password",
    "p\uFFFDx, argument 2"
  })
  void argument_thatTheLocaleCannotRead_isNamedWithoutItsValue(String given, String named) {
    CommandRun run = CommandRun.of(Map.of(), ("migrate " + given).split(" "));
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(named + " holds"), run.err());
    assertFalse(run.err().contains("\uFFFD"), run.err());
  }
}
