// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Memory is gone, on whichever thread: the process ends, with a code that is started again. */
final class MemoryGoneTest {
  private static final int HEAP_MEGABYTES = 48;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir Path folder;

  private static Process start(MemoryGone.Where where) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + HEAP_MEGABYTES + "m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                MemoryGone.class.getName(),
                where.name()))
        .start();
  }

  @ParameterizedTest
  @EnumSource
  void process_memoryGone_endsWithItsOwnCodeAndOneLine(MemoryGone.Where where) throws Exception {
    Process process = start(where);
    try {
      String error = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS), "lives on: " + error);
      assertEquals(ExitCode.OUT_OF_MEMORY, process.exitValue(), error);
      assertTrue(error.contains("outbox-relay: memory is gone"), error);
    } finally {
      process.destroyForcibly();
    }
  }

  private void assertEndsByItself(RelayProcess relay) throws Exception {
    assertTrue(relay.awaitEnd(PATIENCE), "lives on: " + Files.readString(relay.log()));
    assertEquals(ExitCode.OUT_OF_MEMORY, relay.exitCode(), Files.readString(relay.log()));
  }

  private RelayProcess start(TestDatabase db) throws IOException {
    return RelayProcess.start(
        db.url(),
        db.user(),
        folder.resolve("relay.log"),
        HEAP_MEGABYTES,
        "--memory-budget",
        "4GB",
        "--max-message-bytes",
        "1GB");
  }

  /** The settings promise more memory than there is. */
  @Test
  void relay_readingAMessageLargerThanItsHeap_endsWithItsOwnCode() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')",
          "select outbox.publish('d', json_build_object('x', repeat('x', 60000000)))");
      try (RelayProcess relay = start(db)) {
        assertEndsByItself(relay);
      }
    }
  }

  /** Which thread meets it first is chance. */
  @Test
  @Tag("full")
  void relay_keepingMoreThanItsHeap_endsWithItsOwnCode() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver silent = ScriptedReceiver.start()) {
      silent.script(line -> Reply.silence());
      db.execute(
          "insert into outbox.destination (name, uri, ack_timeout) values ('d', '"
              + silent.uri()
              + "', '10 min')",
          "select count(outbox.publish('d', json_build_object('x', repeat('x', 100000))))"
              + " from generate_series(1, 1500)");
      try (RelayProcess relay = start(db)) {
        assertEndsByItself(relay);
      }
    }
  }
}
