// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.relay.loop.OnceMore;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads messages whose time has come: retries, and what was published for later. The database's
 * clock decides what is due; this one's only when to ask.
 */
public final class DueReader {
  /** Asking too soon does no harm, and nanoseconds do not overflow. */
  private static final long LONGEST_MILLIS = Duration.ofDays(1).toMillis();

  /**
   * After a read that brought something it is read again. When nothing is due any more, what blocks
   * is looked at: a message may be gone by then, since it was acknowledged before memory was
   * dropped, and that is settled in the table only now.
   */
  private static final long ONCE_MORE_MILLIS = 5_000;

  private final Intake intake;
  private final Scheduler loop;
  private final MessageStore store;
  private final OnceMore reads = new OnceMore();

  /** The last reads have left out what was published for later. */
  private boolean leftOut;

  private boolean stopped;
  private Scheduler.@Nullable Timer timer;
  private long timerAtNanos;

  public DueReader(Intake intake, Scheduler loop, MessageStore store) {
    this.intake = intake;
    this.loop = loop;
    this.store = store;
  }

  /** Something will be due then. */
  public void in(long delayMillis) {
    if (stopped) {
      return;
    }
    long soonerMillis = Math.min(delayMillis, LONGEST_MILLIS);
    long at = loop.nanoTime() + soonerMillis * 1_000_000L;
    if (timer != null && timerAtNanos - at <= 0) {
      return;
    }
    if (timer != null) {
      timer.cancel();
    }
    timerAtNanos = at;
    timer =
        loop.schedule(
            soonerMillis,
            () -> {
              timer = null;
              read();
            });
  }

  /** Reads what is due, now or as soon as there is room. */
  public void read() {
    reads.want();
    pump();
  }

  public void pump() {
    boolean refusedOnly = intake.isBarrierFull();
    if (leftOut && !refusedOnly) {
      leftOut = false;
      reads.want();
    }
    if (stopped || !reads.isWanted() || !intake.hasMemory() || !reads.begin()) {
      return;
    }
    leftOut |= refusedOnly;
    Set<Long> except = intake.inMemoryByTime();
    intake.readSome(
        "due messages of ",
        intake.pageSize(),
        PageReader.READ_BYTES,
        limits -> store.due(intake.name(), refusedOnly, except, limits, intake.encoding()),
        (batch, ticket) -> {
          reads.end();
          came(batch, ticket);
        });
  }

  private void came(Batch batch, long ticket) {
    if (stopped) {
      return;
    }
    for (Message message : batch.messages()) {
      intake.admit(List.of(message), message.refused() ? Origin.RETRY : Origin.WINDOW, ticket);
    }
    batch.nextDueMillis().values().forEach(this::in);
    if (batch.messages().isEmpty()) {
      intake.recheckBlocked();
    } else {
      in(ONCE_MORE_MILLIS);
    }
    intake.pump();
  }

  public void stop() {
    stopped = true;
    if (timer != null) {
      timer.cancel();
    }
  }
}
