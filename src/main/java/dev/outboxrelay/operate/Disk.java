// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The ways out when a destination fills the disk: no more messages are captured for it, and its
 * oldest are given up.
 */
public final class Disk {
  /** A step of shedding: a short transaction. */
  private static final int STEP = 10_000;

  private static final String OWED =
      "select o.messages + o.failed as messages, o.bytes + o.failed_bytes as bytes, o.estimated"
          + " from outbox.owed_bytes(cast(? as text)) o";

  private static final String SHED =
      "select outbox.shed(cast(? as text), cast(? as integer), cast(? as text)) as messages";

  private static final String STOP =
      "select outbox.stop_capturing(cast(? as text), cast(? as text)) as changed";

  private static final String START = "select outbox.start_capturing(cast(? as text)) as changed";

  private static final String STOPPED =
      "select s.capture_stopped_since, s.capture_stopped_for from outbox.status s"
          + " where s.destination = cast(? as text)";

  private final Session session;

  public Disk(Session session) {
    this.session = session;
  }

  /** Hears how far it has come, and says whether to go on. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Called before each step.
     *
     * @return false to stop
     */
    boolean at(long shed);
  }

  /**
   * What came of it.
   *
   * @param complete false when it was stopped
   */
  public record Outcome(long shed, boolean complete) {}

  /** What there is of it, set aside too: {@code messages}, {@code bytes}, {@code estimated}. */
  public Optional<Row> owed(String destination) throws SQLException {
    return session.query(OWED, destination).stream().findFirst();
  }

  /**
   * Gives up the oldest messages, in steps that are a transaction each.
   *
   * @param messages so many at most
   */
  public Outcome shed(String destination, long messages, @Nullable String reason, Progress progress)
      throws SQLException {
    long shed = 0;
    while (shed < messages) {
      if (!progress.at(shed)) {
        return new Outcome(shed, false);
      }
      int step = (int) Math.min(STEP, messages - shed);
      long gone = session.one(SHED, destination, step, reason).number("messages");
      if (gone == 0) {
        break;
      }
      shed += gone;
    }
    return new Outcome(shed, true);
  }

  /** Writes no more messages for it; false where it was so. */
  public boolean stop(String destination, @Nullable String reason) throws SQLException {
    return session.one(STOP, destination, reason).isTrue("changed");
  }

  /** Writes messages for it again; false where it was so. */
  public boolean start(String destination) throws SQLException {
    return session.one(START, destination).isTrue("changed");
  }

  /** Since when no messages are written for it. */
  public @Nullable Instant stoppedSince(String destination) throws SQLException {
    return session.query(STOPPED, destination).stream()
        .map(row -> row.get("capture_stopped_since"))
        .filter(Instant.class::isInstance)
        .map(Instant.class::cast)
        .findFirst()
        .orElse(null);
  }
}
