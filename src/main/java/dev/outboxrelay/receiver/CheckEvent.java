// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

/** What a relay that is checked did on one of its connections. */
sealed interface CheckEvent {

  /** Which connection, counted from 1. */
  int connection();

  /**
   * It sent a message.
   *
   * @param atNanos when, by {@link System#nanoTime}
   */
  record Arrived(int connection, byte[] body, long atNanos) implements CheckEvent {}

  /**
   * It closed its side, or the connection broke.
   *
   * @param problem what was wrong with the framing of the last bytes, empty when nothing was
   */
  record Ended(int connection, String problem) implements CheckEvent {}
}
