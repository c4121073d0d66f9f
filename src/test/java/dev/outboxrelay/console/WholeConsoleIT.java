// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.JavaProcess;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The jar that ships with a real database, looked at in a real browser, by keyboard. */
@Tag("full")
final class WholeConsoleIT {
  private static final String ANNA = "anna-has-a-token-of-her-own-4711";
  private static final Duration LONG = Duration.ofMinutes(8);
  private static final int DESTINATIONS = 1000;

  /** Failed messages of each. */
  private static final int MESSAGES = 1000;

  private static final String ALL = String.format(Locale.ROOT, "%,d", DESTINATIONS * MESSAGES);

  @TempDir(cleanup = CleanupMode.NEVER)
  Path folder;

  private Chromium chromium;

  private void awaitText(String text) throws Exception {
    String quoted = new ObjectMapper().writeValueAsString(text);
    try {
      Await.until(
          text, LONG, () -> chromium.is("document.body.innerText.includes(" + quoted + ")"));
    } catch (AssertionError e) {
      throw new AssertionError(
          e.getMessage() + " in: " + chromium.value("document.body.innerText.slice(0, 2000)"), e);
    }
  }

  /** Goes there by the key that a person would press, and presses it. */
  private void enter(String words) throws Exception {
    String quoted = new ObjectMapper().writeValueAsString(words);
    String at =
        "(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.innerText"
            + " ?? '').trim() === "
            + quoted;
    for (int n = 0; n < 1000 && !chromium.is(at); n++) {
      chromium.press("Tab");
    }
    assertTrue(chromium.is(at), "no key leads to " + words);
    chromium.press("Enter");
  }

  private void login() throws Exception {
    Await.until("the form", () -> chromium.is("document.activeElement?.id === 'token'"));
    chromium.type(ANNA);
    chromium.press("Enter");
    awaitText("anna (operator)");
  }

  private JavaProcess relay(TestDatabase db, int port, String log) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(JavaProcess.java(), "-jar", "target/outbox-relay.jar", "run"));
    command.addAll(List.of("--console", String.valueOf(port), "--console-tokens"));
    command.addAll(List.of(folder.resolve("tokens").toString(), "--http-port", "0"));
    JavaProcess relay =
        JavaProcess.start(
            command,
            Map.of(
                "OUTBOX_RELAY_DATABASE_URL", db.url(),
                "OUTBOX_RELAY_DATABASE_USER", db.user(),
                "OUTBOX_RELAY_DATABASE_PASSWORD", db.password()),
            folder.resolve(log));
    relay.awaitOutput("console on http://127.0.0.1:" + port);
    return relay;
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void million_ofAThousandDestinations_isFoundRequeuedAndTheRelayStartedAgain() throws Exception {
    Optional<Path> program = Chromium.find();
    if (program.isEmpty()) {
      String words = "no Chromium on this machine: THE CONSOLE IS NOT TESTED IN A BROWSER";
      LoggerFactory.getLogger(WholeConsoleIT.class).error(words);
      Assumptions.abort(words);
    }
    Files.writeString(folder.resolve("tokens"), "anna operator " + ANNA + "\n");
    int port = Ports.free();
    try (TestDatabase db = TestDatabase.create()) {
      fill(db);
      chromium = Chromium.start(program.get(), folder.resolve("profile"));
      try (JavaProcess relay = relay(db, port, "first.log")) {
        chromium.look(1200, 800, false);
        chromium.open("http://127.0.0.1:" + port + "/");
        login();
        awaitText("1,000 destinations");
        assertEquals(1000, chromium.value("document.querySelectorAll('tbody tr').length").asInt());
        enter("Failed messages");
        awaitText(ALL + " messages match.");
        enter("Requeue all that match");
        awaitText("Requeue all " + ALL + " messages that match?");
        enter("Requeue");
        awaitText(ALL + " of " + ALL + " messages requeued");
        assertEquals(0, db.count("select count(*) from outbox.failed"));
        enter("Doctor");
        awaitText("destination paused");
        assertTrue(
            relay
                .output()
                .contains(
                    "anna (operator, 127.0.0.1) requeued " + DESTINATIONS * MESSAGES + " of"));
      }
      awaitText("connection lost, trying again");
      try (JavaProcess again = relay(db, port, "second.log")) {
        login();
        chromium.look(390, 800, true);
        enter("Destinations");
        awaitText("1,000 destinations");
        assertTrue(chromium.is("document.documentElement.scrollWidth <= innerWidth"));
        chromium.value("document.getElementById('logout').click()");
        Await.until("the form", () -> chromium.is("document.activeElement?.id === 'token'"));
        assertTrue(again.output().contains("anna (operator, 127.0.0.1) has logged out"));
      }
      assertEquals(List.of(), chromium.complaints);
    } finally {
      if (chromium != null) {
        chromium.close();
      }
    }
  }

  /** All are paused, so that what is requeued stays. */
  private static void fill(TestDatabase db) throws Exception {
    String columns =
        "id, xid, created_at, destination, source, op, key, new_row, state, attempts, last_error";
    String values =
        "nextval('outbox.pending_id_seq'), pg_current_xact_id(), now(), d.number, 0, 'm', n, '{}',"
            + " 'failed', 3, 'no such customer'";
    for (String each :
        Arrays.asList(
            "insert into outbox.destination (name, uri, paused)"
                + " select 'd-' || n, 'tcp://127.0.0.1:9', true from generate_series(1, "
                + DESTINATIONS
                + ") n",
            "insert into outbox.parked ("
                + columns
                + ") select "
                + values
                + " from outbox.destination d, generate_series(1, "
                + MESSAGES
                + ") n")) {
      db.execute(each);
    }
  }
}
