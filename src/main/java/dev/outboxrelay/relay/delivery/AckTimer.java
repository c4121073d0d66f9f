// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.ordering.QueuedMessage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Notices that an answer does not come. Answers are awaited in the order of sending, so one timer
 * serves: that of the oldest message in flight.
 */
final class AckTimer {
  private final InFlight inFlight;
  private final long timeoutMillis;
  private final Scheduler loop;
  private final Consumer<String> onTimeUp;
  private Scheduler.@Nullable Timer timer;

  /**
   * @param timeoutMillis how long an answer may take
   * @param onTimeUp gets the reason; the timer has to be armed again then
   */
  AckTimer(InFlight inFlight, long timeoutMillis, Scheduler loop, Consumer<String> onTimeUp) {
    this.inFlight = inFlight;
    this.timeoutMillis = timeoutMillis;
    this.loop = loop;
    this.onTimeUp = onTimeUp;
  }

  /** Something is in flight, or no longer. */
  void arm() {
    QueuedMessage oldest = inFlight.oldest();
    if (timer == null && oldest != null) {
      timer = loop.schedule(timeoutMillis - waitedMillis(oldest), this::look);
    }
  }

  private void look() {
    timer = null;
    QueuedMessage oldest = inFlight.oldest();
    if (oldest == null) {
      return;
    }
    long waitedMillis = waitedMillis(oldest);
    if (waitedMillis >= timeoutMillis) {
      onTimeUp.accept(
          "no answer for message "
              + oldest.message.wireId()
              + " within ack_timeout "
              + waitedMillis
              + " ms");
    } else {
      arm();
    }
  }

  private long waitedMillis(QueuedMessage entry) {
    return (loop.nanoTime() - entry.sentAtNanos) / 1_000_000L;
  }

  /** The connection has ended. */
  void cancel() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }
}
