// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import java.time.Duration;

/**
 * How long a receiver whose close acknowledges must have kept its side open after a batch, beyond a
 * round trip, before the relay closes its own. One that closes too early is found out by that, and
 * by nothing else: many close in two steps, and the kernel then takes what nobody reads.
 *
 * @param first for the first batch of a sink, from a receiver that has not shown yet what it does
 * @param later for each further batch, since each pays for it
 */
record Patience(Duration first, Duration later) {

  static final Patience DEFAULT = new Patience(Duration.ofMillis(100), Duration.ofMillis(2));
}
