// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.events;

import dev.outboxrelay.store.PoolUse;
import dev.outboxrelay.store.SchemaState;
import dev.outboxrelay.values.WireId;
import java.util.Set;

/**
 * What happens in a relay, for logs, metrics and tests. Most of it is told by a task of the core,
 * on whichever thread runs that task; what concerns the relay as a whole is told by the relay's own
 * thread. So a listener must be quick, must not throw, and must not care for the thread; the tasks
 * of the core come one at a time, each seeing what the one before it wrote. Everything has an empty
 * default.
 */
public interface RelayEvents {

  /** Hears nothing. */
  RelayEvents NONE = new RelayEvents() {};

  /** The sessions stand; the relay works. */
  default void connected() {}

  /** The database, or a control session, is lost; everything in memory was dropped. */
  default void databaseLost(String reason, long retryInMillis) {}

  /**
   * The login is what keeps the relay out; {@link #databaseLost} follows. What is refused now may
   * be let in later: the password is read again at each try.
   */
  default void loginRefused(String reason) {}

  /** The relay has ended by itself: the schema is none that it can work with. */
  default void cannotGoOn(SchemaState schema) {}

  /** A statement failed; it is repeated. */
  default void statementFailed(String what, String reason, long retryInMillis) {}

  /**
   * The database is a copy of the one whose messages these are: nothing is sent from it until it is
   * adopted. Once a term.
   *
   * @param finding what it is a copy of
   */
  default void copied(String finding) {}

  /** What was a copy is the one to send from now. */
  default void adopted() {}

  /** A statement that had failed went well. */
  default void statementSucceeded(String what) {}

  /** The destinations that there are, at first and whenever they have changed. */
  default void destinations(Set<String> names) {}

  /** This relay delivers for the destination now. */
  default void owned(String destination, long epoch) {}

  /** This relay does not deliver for the destination any more. */
  default void released(String destination, String reason) {}

  /** The destination can be reached again. */
  default void up(String destination) {}

  /** The destination cannot be reached. */
  default void down(String destination, String reason, long probeInMillis) {}

  /**
   * Messages are owed to the destination, and for this long nothing of it was settled although it
   * is neither down nor paused, and no answer is waited for.
   */
  default void stalled(String destination, long quietMillis) {}

  /** It does not stand still any more. */
  default void moving(String destination) {}

  /** The core runs: several times a second while connected. */
  default void alive() {}

  /** A connection ended otherwise than by intent. */
  default void connectionLost(String destination, String reason, int inFlight) {}

  /**
   * Writers rang.
   *
   * @param times how often, since the last time
   */
  default void rung(String destination, int times) {}

  /** A read ended. */
  default void read(int messages) {}

  /** Messages were handed to the connection. */
  default void sent(String destination, int messages, long bytes) {}

  /** The receiver acknowledged. */
  default void acknowledged(String destination, int messages) {}

  /**
   * The receiver acknowledged a message; {@link #acknowledged} tells how many.
   *
   * @param sentForNanos how long after it was sent
   */
  default void delivered(String destination, WireId id, long sentForNanos) {}

  /**
   * How an owned destination stands: every second.
   *
   * @param inFlight messages that are sent and not answered
   * @param heldKeys keys whose messages wait behind a refused one, as far as is known in memory
   */
  default void standing(String destination, int inFlight, int heldKeys) {}

  /** How the pool of sessions stands: every second. */
  default void pool(PoolUse use) {}

  /** Something made the relay read the queue. */
  default void woken(Wake cause) {}

  /** The listening session has heard the bell that another session rings to test it. */
  default void heardOwnBell() {}

  /** Delivered messages left the table; {@code missing} of them were not there any more. */
  default void completed(int messages, int missing) {}

  /** A message was refused and will be tried again. */
  default void retried(
      String destination, WireId id, int attempts, long delayMillis, String reason) {}

  /** A message was set aside. */
  default void failed(String destination, WireId id, int attempts, String reason) {}

  /** A message was not sent before its time was over; {@link #failed} follows. */
  default void expired(String destination, WireId id) {}

  /** Messages wait behind a refused message of their key. */
  default void held(String destination, int messages) {}

  /** A person took messages off the table that were in memory and not answered yet. */
  default void discarded(String destination, int messages) {}

  /**
   * The sweep found messages that no bell had announced. Never called unless a writer is told not
   * to ring, or somebody puts rows with old transaction ids into the table.
   *
   * @param messages how many; messages that are more than one read brings are not counted
   */
  default void missed(String destination, int messages) {}

  /**
   * The sweep found messages that should have been in memory. It is a fault of the relay's, unless
   * somebody has put rows with old transaction ids into the table.
   */
  default void passedOver(String destination, int messages) {}

  /** Nothing to do: every owned doorbell will ring. */
  default void asleep() {}

  /** A stop did not wait any longer for answers; what was unanswered stays owed. */
  default void stoppedWaiting(long waitedMillis) {}
}
