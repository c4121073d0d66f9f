// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.store.OutboxDatabase;
import org.jspecify.annotations.Nullable;

/** A database as a relay has it, and what writers and people do to it meanwhile. */
interface Scene extends AutoCloseable {
  OutboxDatabase database();

  /**
   * Makes a destination.
   *
   * @param ordered messages of a key keep their order
   * @param doorbell its bell; each scene chooses ids to match
   */
  void destination(String name, boolean ordered, int doorbell) throws Exception;

  /** Begins a transaction. */
  Deed begin() throws Exception;

  /** The id of the transaction that wrote a message, or made it owed again. */
  long xid(long id) throws Exception;

  /** In lower case, empty when the message is gone. */
  String state(long id) throws Exception;

  @Override
  void close() throws Exception;

  /** A transaction of a writer or of a person. */
  interface Deed {
    /** Writes a message and rings; returns its id. */
    long write(String destination, @Nullable String key) throws Exception;

    /** Writes one that is due later. */
    long writeForLater(String destination, String key, long millis) throws Exception;

    long truncate(String destination) throws Exception;

    void lock(long id) throws Exception;

    void requeue(long id) throws Exception;

    void discard(long id) throws Exception;

    void setAside(long id) throws Exception;

    void commit() throws Exception;

    void rollBack() throws Exception;
  }
}
