// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import dev.outboxrelay.values.Change;

/**
 * The format 'payload': the new row, or what was published, and nothing else. A change without a
 * new row (delete, truncate) is {@code null}.
 */
final class PayloadFormatter implements Formatter {

  private static final int NULL_BYTES = 4;

  @Override
  public byte[] format(Change change) {
    byte[] row = change.newRow();
    return new JsonWriter(row == null ? NULL_BYTES : row.length).storedOrNull(row).toBytes();
  }
}
