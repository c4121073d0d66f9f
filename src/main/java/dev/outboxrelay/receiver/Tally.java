// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import java.util.concurrent.atomic.LongAdder;

/** What a receiver has counted, over all connections. */
final class Tally {
  final LongAdder connections = new LongAdder();
  final LongAdder received = new LongAdder();
  final LongAdder acknowledged = new LongAdder();
  final LongAdder refused = new LongAdder();
}
