// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

/**
 * How many messages may be in flight. After a connection has died with messages in flight it starts
 * again from one, and doubles with each round of successes: whatever kills the receiver is soon
 * alone in flight, and only what is alone is charged.
 */
public final class SlowStart {
  private final int max;
  private int window;

  public SlowStart(int max) {
    this.max = max;
    this.window = max;
  }

  public int window() {
    return window;
  }

  public void succeeded() {
    if (window < max) {
      window++;
    }
  }

  public void died() {
    window = 1;
  }
}
