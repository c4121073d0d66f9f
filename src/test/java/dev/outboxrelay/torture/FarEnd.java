// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.FaultProxy;
import java.util.List;

/** What a transport leads to: a broker behind a network that can fail, and who reads it. */
interface FarEnd extends AutoCloseable {

  /** Gets what has arrived. */
  interface Taker {
    /**
     * Takes a message.
     *
     * @param nanos {@link System#nanoTime} of its arrival at the broker, where the broker tells it
     */
    void take(String destination, String body, long nanos);
  }

  /** What holds a destination's messages, before the first of them comes. */
  void prepare(String destination) throws Exception;

  String uri(String destination);

  /** The destination's {@code options}. */
  default String options(String destination) {
    return "{}";
  }

  /** What a relay must be told to reach it. */
  default List<String> relayFlags() {
    return List.of();
  }

  /** Between the relays and the broker; readers go past it. */
  FaultProxy network();

  /** SIGKILL. */
  void kill() throws Exception;

  /** Starts it again after {@link #kill}; returns when it serves. */
  void start() throws Exception;

  /** SIGSTOP. */
  void freeze() throws Exception;

  /** SIGCONT. */
  void proceed() throws Exception;

  /** Hands over what has arrived since the last time. Fails while the broker is down. */
  void read(String destination, Taker taker) throws Exception;

  /** The broker, its version, and how it keeps messages. */
  String description() throws Exception;
}
