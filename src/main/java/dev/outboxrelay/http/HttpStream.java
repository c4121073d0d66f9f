// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

/**
 * An answer that goes on: pieces are sent as they come, until one side ends it. Safe for threads. A
 * piece is not copied: many streams may share one, and nobody may change it any more.
 */
public interface HttpStream {
  /**
   * Sends a piece, unless the one before it is not yet with the client.
   *
   * @return false when it was not sent
   */
  boolean offer(byte[] piece);

  /** Ends it. */
  void end();

  /** Runs an action once when it has ended, at once if it has. */
  void onEnd(Runnable action);
}
