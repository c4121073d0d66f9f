// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Gate;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the relay asks of {@code outbox.message}. Every call blocks, takes one pooled connection and
 * one statement, and may be repeated after an exception: nothing is lost by doing it twice.
 * Snapshots are PostgreSQL's text form of {@code pg_snapshot}.
 */
public interface MessageStore {

  /** A snapshot of now. */
  String snapshot() throws SQLException;

  /**
   * Pending messages of one destination that are visible in {@code upTo} and, if {@code from} is
   * given, were not visible in it; by id.
   *
   * @param after only ids greater than this
   */
  Batch page(
      String destination,
      long after,
      @Nullable String from,
      String upTo,
      Limits limits,
      Encoding encoding)
      throws SQLException;

  /**
   * Pending messages that were not visible in a snapshot, by id, with the snapshot of this very
   * statement.
   *
   * @param encodings the destinations asked for, with how to write their messages
   */
  Tail tail(Map<String, Encoding> encodings, String last, Limits limits) throws SQLException;

  /**
   * The smallest pending id of each destination in the window between two snapshots; destinations
   * with none are absent.
   */
  Map<String, Long> firstIds(Collection<String> destinations, String from, String upTo)
      throws SQLException;

  /**
   * Messages of a destination whose time has come (retries, and messages published for later),
   * earliest first; {@code nextDueMillis} of the answer tells when the next will be due, of all
   * that are not asked to be left out.
   *
   * @param refusedOnly only retries
   * @param except ids that are being dealt with
   */
  Batch due(
      String destination, boolean refusedOnly, Set<Long> except, Limits limits, Encoding encoding)
      throws SQLException;

  /** Of these messages those that are pending, by id. */
  Batch requeued(String destination, Collection<Long> ids, Limits limits, Encoding encoding)
      throws SQLException;

  /** The held messages of a gate, by id. */
  Batch held(String destination, Gate gate, Limits limits, Encoding encoding) throws SQLException;

  /**
   * Gates with refused or held messages.
   *
   * @param failedToo failed messages count as well: they hold their key up
   * @param limit how many gates at most
   */
  List<Parked> parked(String destination, boolean failedToo, int limit) throws SQLException;

  /**
   * Which of these messages are still there and not settled: pending, or to be retried.
   *
   * @param failedToo or failed
   */
  Set<Long> standing(String destination, Collection<Long> ids, boolean failedToo)
      throws SQLException;

  /** Which of these messages are not to be sent now, and why. */
  Map<Long, Fate> fates(String destination, Collection<Long> ids) throws SQLException;

  /**
   * When the first message with a due time will be due, milliseconds from now, 0 when it is.
   *
   * @return only destinations that have one
   */
  Map<String, Long> nextDueMillis(Collection<String> destinations) throws SQLException;

  /** The ids of refused truncates that wait for their retry, in order. */
  List<Long> refusedTruncates(String destination) throws SQLException;

  /**
   * Takes delivered messages off the table, by exact ids.
   *
   * @param keep the destinations that keep delivered rows for a while, with the transaction ids of
   *     what was delivered: what a person has made owed again since has another one, and is left
   */
  Completion complete(Map<String, List<Long>> idsByDestination, Map<String, Set<Long>> keep)
      throws SQLException;

  /**
   * Marks a refused message, with a charged attempt. Fails at once when another transaction has
   * locked the row.
   *
   * @param epoch that of the caller
   * @param message nothing happens when a person has set it aside, or made it owed again
   * @param delayMillis from now by the database's clock
   * @return false when the message is not there to be marked
   * @throws Replaced when another relay has taken over since
   */
  boolean retry(
      String destination, long epoch, Refused message, int attempts, long delayMillis, String error)
      throws SQLException;

  /**
   * Sets a message aside; {@code epoch}, {@code message} and answer as in {@link #retry}.
   *
   * @throws Replaced as there
   */
  boolean fail(String destination, long epoch, Refused message, int attempts, String error)
      throws SQLException;

  /**
   * Marks messages as held behind a refused message of their key, all of them or none; {@code
   * epoch} as in {@link #retry}.
   *
   * @return those that another transaction has locked; when there are any, none is marked
   * @throws Replaced as there
   */
  Set<Long> hold(String destination, long epoch, Collection<Long> ids) throws SQLException;

  /**
   * Ids of pending messages without a due time that are visible in a snapshot, by destination and
   * id: those within the spans, and all of the destinations that were not visible in an earlier
   * snapshot.
   *
   * @param spans of one destination, none that overlap
   * @param afterDestination where the last call ended, "" at first
   * @param afterId where the last call ended, 0 at first
   */
  List<Owed> owed(
      Collection<String> destinations,
      Collection<Span> spans,
      String since,
      String snapshot,
      String afterDestination,
      long afterId,
      int limit)
      throws SQLException;

  /**
   * Pending messages without a due time that were not visible in a snapshot and have small ids,
   * with the snapshot of this very statement.
   *
   * @param below by destination, only ids less than this
   */
  Arrived arrived(Map<String, Long> below, String since, int limit) throws SQLException;

  /**
   * Looks at a part of the table, dead rows and all, for pending messages without a due time that
   * are visible in a snapshot and whose ids are outside of their destination's span.
   *
   * @param firstBlock where the part begins
   * @param blocks how long it is
   * @param except one of each destination that is asked for
   */
  InBlocks inBlocks(
      long firstBlock, int blocks, Collection<Span> except, String snapshot, int limit)
      throws SQLException;

  /**
   * Deletes delivered rows that were kept long enough.
   *
   * @param from by destination, what an earlier purge has come to
   * @return how many; equal to {@code limit} when there may be more
   */
  Purged purge(int limit, Map<String, String> from) throws SQLException;

  /**
   * What came of a completion.
   *
   * @param found how many were taken off the table
   * @param left those that are still there, since another transaction has locked or moved them:
   *     they are to be completed later
   */
  record Completion(int found, Set<Long> left) {}

  /**
   * What was purged.
   *
   * @param upTo by destination, a time before which no more is to be expected
   */
  record Purged(int rows, Map<String, String> upTo) {}

  /** An owed message, by name. */
  record Owed(String destination, long id) {}

  /** Ids of a destination, both ends included. */
  record Span(String destination, long firstId, long lastId) {}

  /**
   * What has arrived.
   *
   * @param more it hit its limit
   */
  record Arrived(String snapshot, List<Owed> messages, boolean more) {}

  /**
   * What a part of the table holds.
   *
   * @param tableBlocks the size of the table
   */
  record InBlocks(long tableBlocks, List<Owed> messages) {}

  /**
   * A message that was refused.
   *
   * @param xid another one stands in the table once a person has made the message owed again
   */
  record Refused(long id, long xid) {}

  /** Why a message is not to be sent now: what a person has done to it. */
  enum Fate {
    /** It is off the table. */
    GONE,
    /** It is marked as delivered. */
    DELIVERED,
    /** It is marked as failed. */
    ASIDE,
    /** It is put off, to a time that is still to come. */
    LATER
  }
}
