// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sessions;

import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.loop.Threads;
import dev.outboxrelay.store.LockSession;
import dev.outboxrelay.store.Trouble;
import dev.outboxrelay.threads.Errors;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The lock session, on a thread of its own. Every answer of the server renews the lease: until
 * {@code silence limit} after the last statement that was answered had been sent, the server has
 * not ended the session, so the locks are ours. After that, nothing may be sent to any destination.
 */
public final class LockLease implements AutoCloseable {
  private interface Call<T> {
    T run() throws SQLException;
  }

  private final LockSession session;
  private final Scheduler loop;
  private final DatabaseWork.Judge judge;
  private final Consumer<String> onLoss;
  private final Consumer<Throwable> onFault;
  private final long silenceLimitNanos;
  private final Threads.Workers thread;
  private volatile long leaseFromNanos;
  private volatile boolean closed;

  /** Of the core. */
  private boolean lapsed;

  /**
   * @param judge is told, on the core, of a failure that may mean that the schema is gone
   * @param onLoss gets the reason when the session fails
   * @param onFault gets what is no answer of the database; either ends the term, so that no call
   *     stays unanswered
   */
  public LockLease(
      Threads threads,
      LockSession session,
      long silenceLimitMillis,
      Scheduler loop,
      DatabaseWork.Judge judge,
      Consumer<String> onLoss,
      Consumer<Throwable> onFault) {
    this.session = session;
    this.loop = loop;
    this.judge = judge;
    this.onLoss = onLoss;
    this.onFault = onFault;
    silenceLimitNanos = silenceLimitMillis * 1_000_000L;
    leaseFromNanos = loop.nanoTime();
    thread = threads.workers("relay-locks", 1);
  }

  /**
   * INVARIANT: while this is true no other relay owns what this one owns. Once it is false it stays
   * so, and the term ends: what was not sent meanwhile nobody would send again.
   */
  public boolean leaseHolds() {
    lapsed |= loop.nanoTime() - leaseFromNanos >= silenceLimitNanos;
    return !lapsed;
  }

  public void look(boolean home, Consumer<LockSession.View> then) {
    call(() -> session.look(home), then);
  }

  public void tryOwn(Collection<Integer> doorbells, Consumer<Set<Integer>> then) {
    call(() -> session.tryOwn(doorbells), then);
  }

  public void disown(Collection<Integer> doorbells) {
    call(
        () -> {
          session.disown(doorbells);
          return true;
        },
        done -> {});
  }

  public void trySleep(Collection<Integer> doorbells, Consumer<Set<Integer>> then) {
    call(() -> session.trySleep(doorbells), then);
  }

  void wake(Collection<Integer> doorbells) {
    call(
        () -> {
          session.wake(doorbells);
          return true;
        },
        done -> {});
  }

  private record Answered<T>(T result, long sentNanos) {}

  private <T> void call(Call<T> call, Consumer<T> then) {
    thread.run(
        () -> {
          long sentNanos = loop.nanoTime();
          return new Answered<>(call.run(), sentNanos);
        },
        answered -> {
          leaseFromNanos = answered.sentNanos();
          loop.execute(() -> then.accept(answered.result()));
        },
        this::failed);
  }

  private void failed(Throwable problem) {
    Errors.report(problem);
    if (problem instanceof SQLException cause) {
      lost(cause);
    } else if (!closed) {
      onFault.accept(problem);
    }
  }

  private void lost(SQLException problem) {
    Runnable tell = () -> onLoss.accept("the lock session: " + Trouble.words(problem));
    if (Trouble.doubtsSchema(problem)) {
      loop.execute(() -> judge.failed(problem, tell));
    } else {
      tell.run();
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.close();
    session.abort();
  }
}
