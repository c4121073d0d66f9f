// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import java.util.Set;

/** What a stream says that is full and discards nothing: room comes when consumers have read. */
final class FullStream {
  /** JetStream's error codes: of messages, of bytes, of one subject, of an account's storage. */
  private static final Set<Integer> CODES = Set.of(10077, 10076, 10046, 10047, 10023, 10028);

  private FullStream() {}

  static boolean says(int code) {
    return CODES.contains(code);
  }
}
