// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import java.util.List;

/**
 * Hears what happens on one {@link Sink}. Called on the transport's thread, one call at a time:
 * must not block.
 */
public interface SinkListener {

  /** The connection stands (for TLS: the handshake is done). At most once, before any answer. */
  void connected();

  /**
   * Answers, in the order in which they arrived. With {@code ack} 'close' and 'none' the transport
   * makes them itself.
   *
   * @param answers not empty
   */
  void answered(List<Answer> answers);

  /**
   * The connection has ended, or could not be made. Exactly once, last. What was sent and not
   * answered is not known to have arrived.
   *
   * @param reason for a person: {@code outbox.status} shows it
   * @param fault what kind of end it was
   */
  void closed(String reason, Fault fault);

  /** What ended a connection. */
  enum Fault {
    /**
     * It never stood: refused, timed out, name not found, TLS handshake failed, address not
     * allowed. Burns no attempts.
     */
    UNREACHABLE,
    /** It stood and broke, or the peer closed it with messages unanswered. */
    LOST,
    /** The peer answered what the protocol does not allow. */
    PROTOCOL,
    /** The relay itself failed on it: not the peer's fault, though perhaps a message's. */
    DEFECT,
    /** Nothing was wrong: closed by the relay, or by the peer while nothing was unanswered. */
    NONE
  }
}
