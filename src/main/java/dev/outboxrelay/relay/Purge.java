// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

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

  private final LaneContext context;

  /** By destination, what it has come to. */
  private final Map<String, String> upTo = new HashMap<>();

  private long roundNanos;

  Purge(LaneContext context) {
    this.context = context;
    roundNanos = context.core().nanoTime();
  }

  /**
   * Purges what there is to purge.
   *
   * @param then runs when that is done
   */
  void run(Runnable then) {
    long now = context.core().nanoTime();
    if (now - roundNanos >= ROUND_NANOS) {
      roundNanos = now;
      upTo.clear();
    }
    chunk(then);
  }

  private void chunk(Runnable then) {
    Map<String, String> from = Map.copyOf(upTo);
    context
        .work()
        .submit(
            "purge",
            () -> context.store().purge(ROWS, from),
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
