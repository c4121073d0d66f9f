// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.reading.ParkedReader;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** More keys wait for a refused message than a lane knows of. */
final class ParkedKeysTest {
  private static final int KEYS = ParkedReader.MAX_PARKED + 300;

  private TestDatabase db;
  private ScriptedReceiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    receiver = ScriptedReceiver.start(line -> Reply.nackForGood("never"));
    db.execute(
        "insert into outbox.destination (name, uri, on_failure) values ('out', '"
            + receiver.uri()
            + "', 'hold')",
        "select count(outbox.publish('out', '{}', n::text)) from generate_series(1, "
            + KEYS
            + ") n");
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    db.close();
  }

  private long failed() throws Exception {
    return db.count("select count(*) from outbox.message where state = 'failed'");
  }

  private void requeuedAllGo() throws Exception {
    receiver.script(line -> Reply.ack());
    db.execute("select outbox.requeue_failed()");
    Await.reaches("all go", 0, () -> db.count("select count(*) from outbox.message"));
  }

  @Test
  void keys_parkedWhileTheRelayRuns_goWhenRequeued() throws Exception {
    try (RunningRelay relay = RunningRelay.start(db)) {
      Await.reaches("all failed", KEYS, this::failed);
      db.execute("select outbox.publish('out', '{\"after\":1}', '1')");
      requeuedAllGo();
    }
    List<String> first =
        receiver.lines().stream()
            .map(ScriptedReceiver.Line::text)
            .filter(l -> l.contains("\"key\":\"1\""))
            .toList();
    assertEquals(3, first.size());
    assertEquals(1, first.stream().filter(l -> l.contains("after")).count());
    assertTrue(first.get(2).contains("after"));
  }

  @Test
  void keys_parkedBeforeTheRelayStarts_goWhenRequeued() throws Exception {
    db.execute("update outbox.message set state = 'failed'");
    try (RunningRelay relay = RunningRelay.start(db)) {
      Await.until("owned", () -> db.query("select owner from outbox.status").get(0) != null);
      requeuedAllGo();
    }
    assertEquals(KEYS, receiver.lines().size());
  }
}
