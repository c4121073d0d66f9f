// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import java.time.Duration;

/**
 * How long a message may take, in two parts. Both together end before anybody else calls the
 * destination slow, which would charge messages, and close what all destinations share.
 *
 * @param waiting until the library has it
 * @param delivery until the library gives it up
 */
record Patience(Duration waiting, Duration delivery) {

  /** Of the nine tenths in which each message is to be answered. */
  static Patience of(Duration ackTimeout) {
    return new Patience(ackTimeout.dividedBy(10), ackTimeout.multipliedBy(7).dividedBy(10));
  }
}
