// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

/**
 * The bound of one read.
 *
 * @param rows at most this many rows
 * @param bytes at most this many bytes of row values, though always at least one row
 * @param messageBytes a row larger than this is not fetched
 */
public record Limits(int rows, long bytes, long messageBytes) {
  public Limits {
    if (rows < 1 || bytes < 1 || messageBytes < 1) {
      throw new IllegalArgumentException(
          "limits of a read: rows "
              + rows
              + ", bytes "
              + bytes
              + ", message bytes "
              + messageBytes
              + ", all need 1 or more");
    }
  }
}
