// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Row values of any size: JSON strings, each made once. */
final class Payload {
  private static final Map<Integer, byte[]> MADE = new HashMap<>();

  private Payload() {}

  static synchronized byte[] of(int bytes) {
    return MADE.computeIfAbsent(
        bytes,
        size -> ("\"" + "x".repeat(Math.max(0, size - 2)) + "\"").getBytes(StandardCharsets.UTF_8));
  }
}
