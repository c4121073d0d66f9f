// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes a message for each row that a captured table has, as {@code outbox.backfill_in_steps}
 * does, a few blocks a transaction, and tells how far it has come. Cut short, the next run goes on
 * where this one was.
 */
public final class Backfill {
  private static final String TABLE =
      "select format('%I.%I', n.nspname, t.relname) as name from pg_class t"
          + " join pg_namespace n on n.oid = t.relnamespace"
          + " where t.oid = to_regclass(cast(? as text))";

  private static final String START =
      "select outbox_internal.backfill_start(cast(? as regclass), cast(? as text), cast(? as text))";

  private static final String STEP =
      "select outbox_internal.backfill_step(cast(? as regclass), cast(? as text)) as written";

  private static final String PROGRESS =
      "select coalesce(sum(least(b.next_block, b.end_block)), 0) as read,"
          + " coalesce(sum(b.end_block), 0) as blocks from outbox.backfill_progress b"
          + " where b.source = cast(? as regclass) and b.destination = cast(? as text)";

  /** Somebody else has the last rows locked. */
  private static final Duration LOCKED_REST = Duration.ofMillis(100);

  private final Session session;

  public Backfill(Session session) {
    this.session = session;
  }

  /** Hears how far it has come, and says whether to go on. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Called before the first step and after each.
     *
     * @param rows how many were written by this run
     * @param readBlocks of the table, by earlier runs too
     * @param allBlocks of the table
     * @return false to stop
     */
    boolean at(long rows, long readBlocks, long allBlocks);
  }

  /** Waits between two steps; may come back early, when it is to stop. */
  @FunctionalInterface
  public interface Rest {
    void rest(Duration duration) throws InterruptedException;
  }

  /** How it ended. */
  public enum End {
    COMPLETE,
    STOPPED,
    /** The last rows are locked by other transactions. */
    LOCKED
  }

  /**
   * What came of it.
   *
   * @param rows how many messages were written by this run
   */
  public record Outcome(long rows, End end) {}

  /** The table as the database writes its name; empty when there is none. */
  public Optional<String> table(String name) throws SQLException {
    return session.query(TABLE, name).stream().map(row -> row.text("name")).findFirst();
  }

  /**
   * Runs it.
   *
   * @param condition which rows, as after WHERE; null for all
   * @param pause how long to rest after each step
   * @param patience how long to wait for rows that other transactions hold locked
   * @param rest waits
   */
  public Outcome run(
      String table,
      String destination,
      @Nullable String condition,
      Duration pause,
      Duration patience,
      Rest rest,
      Progress progress)
      throws SQLException, InterruptedException {
    session.query(START, table, destination, condition);
    long rows = 0;
    long lockedSinceNanos = 0;
    boolean locked = false;
    while (isToGoOn(table, destination, rows, progress)) {
      Object written = session.one(STEP, table, destination).get("written");
      if (written == null) {
        return new Outcome(rows, End.COMPLETE);
      }
      long here = ((Number) written).longValue();
      if (here >= 0) {
        rows += here;
        locked = false;
        rest.rest(pause);
        continue;
      }
      lockedSinceNanos = locked ? lockedSinceNanos : System.nanoTime();
      locked = true;
      if (System.nanoTime() - lockedSinceNanos > patience.toNanos()) {
        return new Outcome(rows, End.LOCKED);
      }
      rest.rest(LOCKED_REST);
    }
    return new Outcome(rows, End.STOPPED);
  }

  private boolean isToGoOn(String table, String destination, long rows, Progress progress)
      throws SQLException {
    Row far = session.one(PROGRESS, table, destination);
    return progress.at(rows, far.number("read"), far.number("blocks"));
  }
}
