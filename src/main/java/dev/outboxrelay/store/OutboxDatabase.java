// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;

/** One relay's access to its database, from connect to loss. */
public interface OutboxDatabase extends AutoCloseable {

  /** Opens what a term needs of a database. */
  interface Opening {
    /**
     * Connects.
     *
     * @throws SQLException when the database cannot be had, or takes no writes
     */
    OutboxDatabase open() throws SQLException;
  }

  /**
   * Completes, with the reason, when the pool was led to another server than the other sessions, or
   * to one that takes no writes any more.
   */
  CompletableFuture<String> unfit();

  /** How the pool is used. Does not block. */
  default PoolUse poolUse() {
    return PoolUse.NONE;
  }

  /** How the schema stands, asked by a session of its own. Blocks. */
  SchemaState schema() throws SQLException;

  MessageStore messages();

  DestinationStore destinations();

  LockSession openLockSession() throws SQLException;

  ListenSession openListenSession() throws SQLException;

  /**
   * Rings a listening session, by another one: unless it hears that, it is deaf.
   *
   * @param number what it hears
   */
  void ring(ListenSession session, long number) throws SQLException;

  @Override
  void close();
}
