// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.values.Gate;
import org.jspecify.annotations.Nullable;

/**
 * A row of the queue: as it is committed, and as the transaction that has locked it would have it.
 */
final class Row {
  final long id;
  final @Nullable Gate gate;
  final @Nullable String table;
  final boolean truncate;
  final int bytes;
  final long createdMicros;

  /** When it is worth nothing any more, 0 when it is for ever: who requeues it wants it sent. */
  long expiresMicros;

  /** Null before its insertion is committed, and after its deletion is. */
  @Nullable Version committed;

  /** Null while nobody has locked the row, and when the one who has wants it gone. */
  @Nullable Version open;

  @Nullable Transaction locker;

  Row(
      long id,
      @Nullable String table,
      @Nullable Gate gate,
      boolean truncate,
      int bytes,
      long createdMicros) {
    this.id = id;
    this.table = table;
    this.gate = gate;
    this.truncate = truncate;
    this.bytes = bytes;
    this.createdMicros = createdMicros;
  }

  boolean isLocked() {
    return locker != null;
  }
}
