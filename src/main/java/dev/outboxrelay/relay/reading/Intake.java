// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.store.Limits;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.values.Message;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a lane's readers bring what they have read, and what they must know of it before they read
 * more.
 */
public interface Intake {
  /** A read of messages, within limits. */
  interface Bounded {
    Batch run(Limits limits) throws SQLException;
  }

  /** The destination's name. */
  String name();

  Encoding encoding();

  /** Whether messages of a key keep their order. */
  boolean isOrdered();

  /** Whether a message that was set aside, by whomever, blocks its gate. */
  boolean failedToo();

  /** From where everything owed is to be read; null when nobody knows. */
  @Nullable Mark mark();

  /** So many rows make a page. */
  int pageSize();

  Limits limits(int rows, long readBytes);

  /** Whether another window's worth may come in. */
  boolean hasRoom();

  /** Whether what was refused or held may come back. */
  boolean hasMemory();

  /** No more may be queued behind a truncate. */
  boolean isBarrierFull();

  /** No window is read, whatever memory there is. */
  boolean isBarred();

  /**
   * Reads from the table. The result is left out when memory was dropped meanwhile.
   *
   * @param what for the log, before the destination's name
   * @param reservedBytes of memory, for what it brings: free again when it has ended
   * @param then gets the result and the read's ticket
   */
  <T> void read(
      String what,
      long reservedBytes,
      DatabaseWork.Statement<T> statement,
      ObjLongConsumer<T> then);

  /**
   * Reads messages that others wait for: where no memory is left one comes all the same, since what
   * fills the memory may wait for that very one.
   *
   * @param bytes as many at most
   */
  void readSome(String what, int rows, long bytes, Bounded statement, ObjLongConsumer<Batch> then);

  /**
   * Admits what a read has shown.
   *
   * @return how many were new
   */
  int admit(List<Message> messages, Origin origin, long ticket);

  /** The window has shown everything up to an id. */
  void windowReached(long id);

  /** What was read by its time and is in memory. */
  Set<Long> inMemoryByTime();

  /** The smallest ids that may be pending, as far as has been read: at least so many. */
  List<Long> smallestPending(int limit);

  /** Reads what is due, and when the next will be. */
  void readDue();

  /** A message will be due then. */
  void dueIn(long delayMillis);

  /** Looks whether what blocks still stands. */
  void recheckBlocked();

  /** Whether a person has acted at this moment or later, as far as is known. */
  boolean hasActedSince(long moment);

  /** Does something later, unless memory is dropped before. */
  void later(long delayMillis, Runnable action);

  /** Does whatever can be done now. */
  void pump();
}
