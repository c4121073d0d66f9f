// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sends kept messages again, as {@code outbox.replay} does, some a transaction, and tells how far
 * it has come. Cut short, the next run of the same goes on where this one was.
 */
public final class Replay {
  private static final String START =
      "select outbox_internal.replay_start(cast(? as text), cast(? as text),"
          + " cast(cast(? as text[]) as regclass[]), cast(? as text[]), cast(? as timestamptz),"
          + " cast(? as timestamptz), cast(? as text)) as id";

  private static final String STEP =
      "select outbox_internal.replay_step(cast(? as bigint), cast(? as integer)) as written";

  private static final String PROGRESS =
      "select p.after_id + 1 as gone, p.end_id + 1 as last from outbox.replay_progress p"
          + " where p.id = cast(? as bigint)";

  private static final String CANCEL = "select outbox.cancel_replay(cast(? as bigint)) as changed";

  /** Messages of one step. */
  private static final int STEP_MESSAGES = 1000;

  /** Where a rate is given a step has so much of a second's messages: the rate is even then. */
  private static final int STEPS_A_SECOND = 10;

  private static final double SECOND_NANOS = Duration.ofSeconds(1).toNanos();

  private final Session session;

  public Replay(Session session) {
    this.session = session;
  }

  /**
   * Which messages; null is any.
   *
   * @param to null for the same destination
   * @param since delivered at this time or later
   * @param until delivered before this time
   * @param condition as after WHERE
   */
  public record Wanted(
      String destination,
      @Nullable String to,
      @Nullable List<String> tables,
      @Nullable List<String> keys,
      @Nullable Instant since,
      @Nullable Instant until,
      @Nullable String condition) {}

  /** Hears how far it has come, and says whether to go on. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Called before the first step and after each.
     *
     * @param messages how many were written by this run
     * @param gone how far it has come, of {@code all}
     * @return false to stop
     */
    boolean at(long messages, long gone, long all);
  }

  /**
   * What came of it.
   *
   * @param messages how many were written by this run
   * @param complete false when it was stopped
   */
  public record Outcome(long messages, boolean complete) {}

  /**
   * Runs it.
   *
   * @param rate messages a second at most; 0 for no limit
   * @param rest waits
   */
  public Outcome run(Wanted wanted, int rate, Backfill.Rest rest, Progress progress)
      throws SQLException, InterruptedException {
    long id =
        session
            .one(
                START,
                wanted.destination(),
                wanted.to(),
                array(wanted.tables()),
                array(wanted.keys()),
                wanted.since(),
                wanted.until(),
                wanted.condition())
            .number("id");
    int step =
        rate == 0 ? STEP_MESSAGES : Math.max(1, Math.min(STEP_MESSAGES, rate / STEPS_A_SECOND));
    long beginNanos = System.nanoTime();
    long messages = 0;
    while (isToGoOn(id, messages, progress)) {
      Object written = session.one(STEP, id, step).get("written");
      if (written == null) {
        return new Outcome(messages, true);
      }
      messages += ((Number) written).longValue();
      if (rate > 0) {
        long dueNanos = beginNanos + (long) (messages * (SECOND_NANOS / rate));
        rest.rest(Duration.ofNanos(Math.max(0, dueNanos - System.nanoTime())));
      }
    }
    return new Outcome(messages, false);
  }

  /**
   * Ends a replay after the step that is under way, wherever it runs.
   *
   * @return false where it had ended
   */
  public boolean cancel(long id) throws SQLException {
    return session.one(CANCEL, id).isTrue("changed");
  }

  private static String @Nullable [] array(@Nullable List<String> texts) {
    return texts == null ? null : texts.toArray(new String[0]);
  }

  private boolean isToGoOn(long id, long messages, Progress progress) throws SQLException {
    Row far = session.one(PROGRESS, id);
    return progress.at(messages, far.number("gone"), far.number("last"));
  }
}
