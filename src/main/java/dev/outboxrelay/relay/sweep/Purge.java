// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sweep;

import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.store.MessageStore;
import java.util.HashMap;
import java.util.Map;

/**
 * Takes rows that were kept long enough off the table, a few at a time. Each time it goes on where
 * it has been, since what it has taken off may stay in the index for long; once an hour it begins
 * anew, for what was locked or came late.
 */
final class Purge {
  private static final int ROWS = 5_000;
  private static final long ROUND_NANOS = 3_600_000_000_000L;

  private final Scheduler loop;
  private final DatabaseWork databaseWork;
  private final MessageStore store;

  /** By destination, what it has come to. */
  private final Map<String, String> upTo = new HashMap<>();

  private long roundNanos;

  Purge(Scheduler loop, DatabaseWork databaseWork, MessageStore store) {
    this.loop = loop;
    this.databaseWork = databaseWork;
    this.store = store;
    roundNanos = loop.nanoTime();
  }

  /**
   * Purges what there is to purge.
   *
   * @param then runs when that is done
   */
  void run(Runnable then) {
    long now = loop.nanoTime();
    if (now - roundNanos >= ROUND_NANOS) {
      roundNanos = now;
      upTo.clear();
    }
    chunk(then);
  }

  private void chunk(Runnable then) {
    Map<String, String> from = Map.copyOf(upTo);
    databaseWork.submit(
        "purge",
        () -> store.purge(ROWS, from),
        purged -> {
          upTo.putAll(purged.upTo());
          if (purged.rows() == ROWS) {
            chunk(then);
          } else {
            then.run();
          }
        });
  }
}
