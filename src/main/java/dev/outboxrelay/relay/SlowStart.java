// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

/**
 * How many messages may be in flight. After a connection has died with messages in flight it starts
 * again from one, and doubles with each round of successes: whatever kills the receiver is soon
 * alone in flight, and only what is alone is charged.
 */
final class SlowStart {
  private final int max;
  private int window;

  SlowStart(int max) {
    this.max = max;
    this.window = max;
  }

  int window() {
    return window;
  }

  void succeeded() {
    if (window < max) {
      window++;
    }
  }

  void died() {
    window = 1;
  }
}
