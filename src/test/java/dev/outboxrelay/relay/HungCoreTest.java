// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A task of the core that never ends: everything of the relay hangs on it. */
final class HungCoreTest {
  private final CountDownLatch over = new CountDownLatch(1);
  private final AtomicBoolean hung = new AtomicBoolean();
  private final List<String> losses = new CopyOnWriteArrayList<>();

  private final class Hanging implements RelayEvents {
    @Override
    public void read(int messages) {
      if (messages > 0 && hung.compareAndSet(false, true)) {
        hang();
      }
    }

    @Override
    public void databaseLost(String reason, long retryInMillis) {
      losses.add(reason);
    }
  }

  private void hang() {
    while (over.getCount() > 0) {
      try {
        over.await();
      } catch (InterruptedException e) {
        // What hangs hears nothing.
      }
    }
  }

  @Test
  void core_thatHangs_endsTheTermAndTheNextDelivers() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('out', '" + receiver.uri() + "')");
      try (RunningRelay relay =
          RunningRelay.start(
              RunningRelay.config(db, "test", Duration.ofSeconds(2)), new Hanging())) {
        db.execute("select outbox.publish('out', '{}')");
        Await.until("delivered", () -> db.count("select count(*) from outbox.message") == 0);
        assertTrue(hung.get());
        assertTrue(
            losses.get(0).startsWith("the core: it has not run for"), () -> losses.toString());
      } finally {
        over.countDown();
      }
    }
  }
}
