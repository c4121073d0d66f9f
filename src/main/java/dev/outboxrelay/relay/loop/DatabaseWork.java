// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.Trouble;
import dev.outboxrelay.threads.Errors;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Runs statements on a few threads, as many as the pool has connections, and brings their results
 * to the core. What the database refuses is repeated with backoff until it succeeds or the term
 * ends: every statement of the relay may be repeated. Anything else that a statement throws is a
 * fault of ours, which a repetition would only meet again: it ends the term. So a statement is
 * answered, or nobody is left who waits for it.
 */
public final class DatabaseWork implements AutoCloseable {
  private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(50), Duration.ofSeconds(5));

  /** While somebody has locked a row: as soon as he lets go, it counts what he did to it. */
  private static final Backoff LOCKED = new Backoff(Duration.ofMillis(50), Duration.ofMillis(500));

  /** The server's code for a lock that was not to be had. */
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  /** A statement. */
  public interface Statement<T> {
    T run() throws SQLException;
  }

  /** A statement without a result. */
  public interface Update {
    void run() throws SQLException;
  }

  /** Is told what failed, on the core. */
  public interface Judge {
    /**
     * @param tell what is to be told of it, unless it means more than that
     */
    void failed(Exception cause, Runnable tell);
  }

  private final Scheduler loop;
  private final RelayEvents events;
  private final Judge judge;
  private final Consumer<Throwable> onFault;
  private final Threads.Workers workers;
  private volatile boolean closed;

  /**
   * @param judge is told, on the core, of each statement that the database refused
   * @param onFault gets what is no answer of the database, on the thread of the statement
   */
  public DatabaseWork(
      Threads threads,
      int threadCount,
      Scheduler loop,
      RelayEvents events,
      Judge judge,
      Consumer<Throwable> onFault) {
    this.loop = loop;
    this.events = events;
    this.judge = judge;
    this.onFault = onFault;
    workers = threads.workers("relay-db", threadCount);
  }

  /**
   * Runs a statement until it succeeds.
   *
   * @param what for the log
   * @param then gets the result, on the core
   */
  public <T> void submit(String what, Statement<T> statement, Consumer<T> then) {
    submit(what, statement, then, 0);
  }

  /** As {@link #submit(String, Statement, Consumer)}, without a result. */
  public void update(String what, Update update, Runnable then) {
    submit(
        what,
        () -> {
          update.run();
          return true;
        },
        done -> then.run());
  }

  /**
   * Runs a statement once.
   *
   * @param then gets the result, on the core
   * @param failed gets what went wrong, on the core
   */
  public <T> void once(Statement<T> statement, Consumer<T> then, Consumer<String> failed) {
    workers.run(
        statement::run,
        result -> loop.execute(() -> then.accept(result)),
        problem -> failed(problem, cause -> failed.accept(Trouble.words(cause))));
  }

  private <T> void submit(String what, Statement<T> statement, Consumer<T> then, int failures) {
    workers.run(
        statement::run,
        result ->
            loop.execute(
                () -> {
                  if (failures > 0) {
                    events.statementSucceeded(what);
                  }
                  then.accept(result);
                }),
        problem -> failed(problem, cause -> repeat(what, statement, then, failures + 1, cause)));
  }

  /**
   * @param refused gets what is an answer of the database, on the core
   */
  private void failed(Throwable problem, Consumer<SQLException> refused) {
    if (problem instanceof SQLException cause && !Errors.isBehind(cause)) {
      loop.execute(() -> refused.accept(cause));
    } else {
      fault(problem);
    }
  }

  /** What happens while the connections are being taken away says nothing. */
  private void fault(Throwable problem) {
    Errors.report(problem);
    if (!closed) {
      onFault.accept(problem);
    }
  }

  private <T> void repeat(
      String what, Statement<T> statement, Consumer<T> then, int failures, SQLException cause) {
    Backoff backoff = LOCK_NOT_AVAILABLE.equals(cause.getSQLState()) ? LOCKED : BACKOFF;
    long delayMillis = backoff.delayMillis(failures, loop.random());
    judge.failed(cause, () -> events.statementFailed(what, Trouble.words(cause), delayMillis));
    loop.schedule(delayMillis, () -> submit(what, statement, then, failures));
  }

  @Override
  public void close() {
    closed = true;
    workers.close();
  }
}
