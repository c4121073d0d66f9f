// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Row values of any size: JSON strings, each made once. */
final class Payload {
  private static final Map<Integer, byte[]> MADE = new ConcurrentHashMap<>();
  private static final Map<Integer, byte[]> ENCODED = new ConcurrentHashMap<>();

  private Payload() {}

  static byte[] of(int bytes) {
    return MADE.computeIfAbsent(
        bytes,
        size -> ("\"" + "x".repeat(Math.max(0, size - 2)) + "\"").getBytes(StandardCharsets.UTF_8));
  }

  /** As a message of the format that is the row values alone; each size is encoded once. */
  static byte[] encoded(int bytes, Supplier<byte[]> encoding) {
    byte[] known = ENCODED.get(bytes);
    return known != null ? known : ENCODED.computeIfAbsent(bytes, size -> encoding.get());
  }
}
