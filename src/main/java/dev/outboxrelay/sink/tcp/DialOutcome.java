// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import io.netty.channel.Channel;

/** Hears how it went to make a connection; called on the event loop, once. */
public interface DialOutcome {
  /**
   * The connection stands, TLS included; nothing has been read from it.
   *
   * @param roundTripNanos how long the other side took to take the connection
   */
  void stood(Channel channel, long roundTripNanos);

  /** No address could be reached. */
  void failed(String reason);
}
