// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Destination;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the relay asks of {@code outbox.destination} and reports in {@code
 * outbox.destination_state}. Every call blocks.
 */
public interface DestinationStore {

  /** All destinations by name. */
  Map<String, Destination> load() throws SQLException;

  /**
   * Takes a destination over: its epoch becomes the second of now, or one more than it was,
   * whichever is greater; and gives rows whose transaction id lies in the future (restored from a
   * dump) the current one, so that windows see them. Lets held messages go where order is no matter
   * any more.
   *
   * @param owner the relay's name, for {@code outbox.status}
   * @return the new epoch, 0 when there is no such destination any more; and the last mark, if
   *     there is one that holds
   */
  TakenOver takeOver(String destination, String owner) throws SQLException;

  /**
   * Writes marks down, or, where there is none, takes them away; of destinations that have another
   * epoch by now, nothing is written.
   */
  void mark(Collection<Marked> marks) throws SQLException;

  /** Sets the sequence of message ids past the rows, where it stands behind one. */
  void mendIds() throws SQLException;

  /**
   * Has the database estimate how much is owed to each destination, and do what is to be done where
   * a limit is reached, which is logged.
   */
  void measure() throws SQLException;

  /** Sets aside, or gives up, what its destination says is too old. */
  void expire() throws SQLException;

  /** Notes which database this is, if that is not noted yet. */
  void claim() throws SQLException;

  /** Notes that this database is the one to send from. */
  void adopt() throws SQLException;

  /** Whether the last report says that the destination is down. */
  boolean isDown(String destination) throws SQLException;

  /**
   * Reports how a destination does.
   *
   * @param down it cannot be reached; down_since keeps its first value while this stays true
   * @param error the last error, null to keep what is there
   */
  void report(String destination, boolean down, @Nullable String error) throws SQLException;

  /**
   * Pauses a destination, and reports why; nothing when another relay has taken over since.
   *
   * @param epoch that of the caller
   * @param failing how long ago the first message was refused that may have failed for it; null:
   *     none was
   */
  void pause(String destination, long epoch, String reason, @Nullable Duration failing)
      throws SQLException;

  /** Reports what keeps a destination's messages from being read or settled. */
  void tellTrouble(String destination, String error) throws SQLException;

  /** That trouble is over: the error goes, unless another one was reported since. */
  void endTrouble(String destination, String error) throws SQLException;

  /** Reports when destinations have moved last. */
  void moved(List<Moved> moved) throws SQLException;

  /**
   * When a destination has moved last.
   *
   * @param epoch that of the caller; nothing is reported when another relay has taken over since
   * @param settledMillisAgo since a message was settled in the table, null when none was
   * @param answerDueInMillis until an answer is due that is waited for, null when none is
   */
  record Moved(
      String destination,
      long epoch,
      @Nullable Long settledMillisAgo,
      @Nullable Long answerDueInMillis) {}

  /** A destination that was taken over. */
  record TakenOver(long epoch, @Nullable Mark mark) {}

  /** A destination's mark. */
  record Marked(String destination, long epoch, @Nullable Mark mark) {}
}
