// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sessions;

import dev.outboxrelay.relay.loop.Threads;
import dev.outboxrelay.store.ListenSession;
import dev.outboxrelay.store.ListenSession.Flooded;
import dev.outboxrelay.store.ListenSession.Heard;
import dev.outboxrelay.store.ListenSession.Kind;
import dev.outboxrelay.store.Trouble;
import dev.outboxrelay.threads.Errors;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Consumer;

/**
 * The listening session, on a thread of its own: always read, with finite waits, never in a
 * transaction. Another session rings its bell now and then; one that does not hear that is deaf,
 * and counts as lost.
 *
 * <p>Where more is notified than is kept, the session is given up for one that hears only what
 * comes after it: a flood costs no more than that, however large it is. While it goes on, there is
 * a growing pause between two sessions. What is told meanwhile goes unheard, so whatever could be
 * told is looked for.
 */
public final class Listener implements AutoCloseable {
  private static final long FIRST_PAUSE_MILLIS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 400;

  /** In a pause it is looked so often for what goes unheard. */
  private static final long LOOK_MILLIS = 20;

  /** So long without a flood, and the next pause is the first again. */
  private static final long QUIET_MILLIS = 5000;

  /** Opens a session. */
  public interface Opening {
    ListenSession open() throws SQLException;
  }

  /** Rings a session's bell, soon and without waiting. */
  public interface Ring {
    /**
     * @param number what the session is to hear
     * @param rung is called, on any thread, once the bell has certainly rung; perhaps never
     */
    void ring(ListenSession session, long number, Runnable rung);
  }

  private final Opening opening;
  private final long silenceLimitMillis;
  private final long testEveryMillis;
  private final Ring ring;
  private final Notices notices;
  private final Consumer<String> onLoss;
  private final Consumer<Throwable> onFault;
  private final Threads threads;
  private final Threads.Workers thread;
  private volatile ListenSession session;
  private volatile boolean closed;

  /** The newest bell of its own that was asked for; the listener's thread writes it. */
  private volatile long number;

  private long askedNanos;
  private long floodedNanos;
  private long pauseMillis;

  /** When anything was heard last. */
  private volatile long heardNanos;

  /** The newest bell of its own that it has heard, and the newest that has rung. */
  private volatile long heardNumber;

  private volatile long rungNumber;
  private volatile long rungNanos;

  /**
   * @param opening makes a session when this one is given up
   * @param silenceLimitMillis how long the session may not hear its own bell
   * @param notices get what came
   * @param onLoss gets the reason when the session fails, once
   * @param onFault gets what is no answer of the database, once
   */
  public Listener(
      Threads threads,
      ListenSession session,
      Opening opening,
      long silenceLimitMillis,
      Ring ring,
      Notices notices,
      Consumer<String> onLoss,
      Consumer<Throwable> onFault) {
    this.threads = threads;
    this.session = session;
    this.opening = opening;
    this.silenceLimitMillis = silenceLimitMillis;
    this.ring = ring;
    this.notices = notices;
    this.onLoss = onLoss;
    this.onFault = onFault;
    testEveryMillis = Math.max(1, silenceLimitMillis / 3);
    askedNanos = threads.nanoTime() - testEveryMillis * 1_000_000L;
    floodedNanos = threads.nanoTime() - QUIET_MILLIS * 1_000_000L;
    heardNanos = threads.nanoTime();
    thread = threads.workers("relay-listener", 1);
  }

  public void start() {
    listen();
  }

  /** The newest bell of its own that was asked for: what is asked for later has a higher number. */
  public long newestBell() {
    return number;
  }

  /** On the listener's thread: each step leads to the next. */
  private void listen() {
    if (closed) {
      return;
    }
    if (millisSince(askedNanos) >= testEveryMillis) {
      askedNanos = threads.nanoTime();
      long next = number + 1;
      number = next;
      ring.ring(session, next, () -> rung(next));
    }
    long waitMillis = Math.max(1, testEveryMillis - millisSince(askedNanos));
    ListenSession current = session;
    thread.run(
        () -> current.await((int) waitMillis),
        heard -> {
          if (!heard.isEmpty()) {
            heard(heard);
          }
          listen();
        },
        this::failed);
  }

  private void failed(Throwable problem) {
    if (problem instanceof Flooded) {
      session.abort();
      pause();
      return;
    }
    Errors.report(problem);
    if (closed) {
      return;
    }
    if (problem instanceof SQLException cause) {
      onLoss.accept("the listening session: " + Trouble.words(cause));
    } else {
      onFault.accept(problem);
    }
  }

  private void heard(List<Heard> all) {
    heardNanos = threads.nanoTime();
    for (Heard heard : all) {
      long bell = heard.kind() == Kind.SELF_TEST ? heard.number() : 0;
      // Anybody may notify anything, which shows as well that the session hears. A number that was
      // not asked for yet is a stranger's.
      if (bell <= number) {
        heardNumber = Math.max(heardNumber, bell);
      }
    }
    notices.heard(all);
  }

  private void pause() {
    pauseMillis =
        millisSince(floodedNanos) >= QUIET_MILLIS
            ? FIRST_PAUSE_MILLIS
            : Math.min(LONGEST_PAUSE_MILLIS, 2 * pauseMillis);
    floodedNanos = threads.nanoTime();
    rest();
  }

  private void rest() {
    if (closed) {
      return;
    }
    if (millisSince(floodedNanos) >= pauseMillis) {
      thread.run(opening::open, this::opened, this::failed);
      return;
    }
    notices.flooded();
    thread.run(
        () -> {
          threads.pause(LOOK_MILLIS);
          return true;
        },
        rested -> rest(),
        this::failed);
  }

  private void opened(ListenSession opened) {
    session = opened;
    if (closed) {
      opened.abort();
      return;
    }
    heardNumber = number;
    heardNanos = threads.nanoTime();
    floodedNanos = threads.nanoTime();
    // Only from now on is everything heard.
    notices.flooded();
    listen();
  }

  /** Bells may be told of in another order. Only the first one that is not heard counts. */
  private synchronized void rung(long rang) {
    boolean allHeard = rungNumber <= heardNumber;
    if (rang > rungNumber) {
      rungNumber = rang;
      if (allHeard) {
        rungNanos = threads.nanoTime();
      }
    }
  }

  /**
   * Whether the session has not heard a bell that rang long ago, nor anything else since. Asked
   * from outside, since a session may hang while it reads.
   */
  public boolean isDeaf() {
    return rungNumber > heardNumber
        && millisSince(rungNanos) > silenceLimitMillis
        && millisSince(heardNanos) > silenceLimitMillis;
  }

  private long millisSince(long nanos) {
    return (threads.nanoTime() - nanos) / 1_000_000L;
  }

  @Override
  public void close() {
    closed = true;
    session.abort();
    thread.close();
  }
}
