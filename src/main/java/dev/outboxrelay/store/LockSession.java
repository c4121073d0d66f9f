// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;
import java.util.Collection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The session that holds a relay's advisory locks: its membership, the doorbells it owns, and those
 * it sleeps on. When the session ends, however it ends, all of them are free. Used by one thread at
 * a time.
 */
public interface LockSession extends AutoCloseable {

  /**
   * Looks around; also the heartbeat.
   *
   * @param home asks which database this is, too
   */
  View look(boolean home) throws SQLException;

  /** Tries to own doorbells; returns those it got. */
  Set<Integer> tryOwn(Collection<Integer> doorbells) throws SQLException;

  /** Gives doorbells up. */
  void disown(Collection<Integer> doorbells) throws SQLException;

  /**
   * Tries to make writers ring; fails, without waiting, where a writer is under way. Returns those
   * it got.
   */
  Set<Integer> trySleep(Collection<Integer> doorbells) throws SQLException;

  /** Lets writers write without ringing again. */
  void wake(Collection<Integer> doorbells) throws SQLException;

  /**
   * Cuts the session off without a word to the server; safe from any thread, also while a call is
   * stuck.
   */
  void abort();

  @Override
  void close() throws SQLException;

  /**
   * Relays and their doorbells, in this database, now.
   *
   * @param relays how many relays live, this one included
   * @param rank this relay's place among them, from 0
   * @param owned doorbells that any relay owns
   * @param schema the number of the schema outbox, 0 when there is none
   * @param home null when it was not asked for
   */
  record View(int relays, int rank, Set<Integer> owned, long schema, @Nullable Home home) {}

  /**
   * Which database this is.
   *
   * @param copied words, when it is a copy of the one whose messages these are
   * @param incarnation tells the schema from one that was dropped; null before the first relay
   */
  record Home(@Nullable String copied, @Nullable String incarnation) {}
}
