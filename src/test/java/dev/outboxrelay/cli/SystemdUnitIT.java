// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Distribution;
import dev.outboxrelay.testing.JavaProcess;
import dev.outboxrelay.testing.SystemdUnit;
import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The distribution, started as the unit starts it: after which ends systemd starts it again. */
final class SystemdUnitIT {
  private static final String HEAP = "-Xmx64m";

  /** The runtime starts with this much, the program does not. */
  private static final String TOO_SMALL = "-Xmx3m";

  private static final int SIGNALS = 128;
  private static final int KILL = 9;

  /** What the Java runtime ends with by itself. */
  private static final int COULD_NOT_START = 1;

  private static final int MEMORY_GONE = 3;

  /** Nobody listens there: the relay waits. */
  private static final String NOWHERE = "jdbc:postgresql://localhost:1/shop";

  @TempDir Path folder;
  private SystemdUnit unit;

  @BeforeEach
  void readUnit() throws IOException {
    unit = SystemdUnit.read();
    Files.writeString(folder.resolve("database-password"), "");
  }

  private JavaProcess start(String heap, Map<String, String> settings) throws IOException {
    String options = unit.variable("JAVA_OPTS");
    assertTrue(options.contains("-Xmx"), options);
    Map<String, String> variables = new HashMap<>(settings);
    variables.put("JAVA_HOME", System.getProperty("java.home"));
    variables.put("JAVA_OPTS", options.replaceFirst("-Xmx\\w+", heap));
    variables.put("JAVA_TOOL_OPTIONS", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1");
    List<String> command = unit.command(Distribution.unpacked().launcher(), folder);
    return JavaProcess.start(command, variables, folder.resolve("log"));
  }

  private static Map<String, String> database(String url, String user) {
    return Map.of("OUTBOX_RELAY_DATABASE_URL", url, "OUTBOX_RELAY_DATABASE_USER", user);
  }

  @Test
  void relay_killed_isStartedAgain() throws Exception {
    try (JavaProcess relay = start(HEAP, database(NOWHERE, "u"))) {
      relay.awaitOutput("database localhost:1/shop as u");
      relay.signal("KILL");
      int exit = relay.awaitExit();
      assertEquals(SIGNALS + KILL, exit, relay.output());
      assertTrue(unit.startsAgainAfter(exit, true));
    }
  }

  @Test
  void relay_stopped_isNotStartedAgain() throws Exception {
    try (JavaProcess relay = start(HEAP, database(NOWHERE, "u"))) {
      relay.awaitOutput("database localhost:1/shop as u");
      relay.signal("TERM");
      int exit = relay.awaitExit();
      assertEquals(ExitCode.OK, exit, relay.output());
      assertFalse(unit.startsAgainAfter(exit, false));
    }
  }

  @Test
  void memory_gone_isStartedAgain() throws Exception {
    try (JavaProcess relay = start(TOO_SMALL, database(NOWHERE, "u"))) {
      int exit = relay.awaitExit();
      assertEquals(MEMORY_GONE, exit, relay.output());
      assertTrue(unit.startsAgainAfter(exit, false));
    }
  }

  @Test
  void runtime_thatCannotStart_isStartedAgain() throws Exception {
    try (JavaProcess relay = start("-Xmx1k", database(NOWHERE, "u"))) {
      int exit = relay.awaitExit();
      assertEquals(COULD_NOT_START, exit, relay.output());
      assertTrue(unit.startsAgainAfter(exit, false));
    }
  }

  @Test
  void login_refused_isNotStartedAgain() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty();
        JavaProcess relay = start(HEAP, database(db.url(), "nobody_of_this_name"))) {
      assertNotStartedAgain(ExitCode.REFUSED, relay);
    }
  }

  @Test
  void schema_missing_isNotStartedAgain() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty();
        JavaProcess relay = start(HEAP, database(db.url(), db.user()))) {
      assertNotStartedAgain(ExitCode.SCHEMA_MISSING, relay);
    }
  }

  @Test
  void usage_wrong_isNotStartedAgain() throws Exception {
    try (JavaProcess relay = start(HEAP, database("mysql://localhost/shop", "u"))) {
      assertNotStartedAgain(ExitCode.USAGE, relay);
    }
  }

  private void assertNotStartedAgain(int code, JavaProcess relay) throws Exception {
    int exit = relay.awaitExit();
    assertEquals(code, exit, relay.output());
    assertFalse(unit.startsAgainAfter(exit, false));
  }
}
