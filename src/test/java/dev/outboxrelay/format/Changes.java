// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import dev.outboxrelay.values.Change;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** Changes for the tests of the formats. */
final class Changes {

  static final long AT_MICROS =
      ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse("2026-11-22T06:05:00.123456Z"));

  private Changes() {}

  static Change update(@Nullable String oldRow, @Nullable String newRow) {
    return row("update", "17", oldRow, newRow);
  }

  static Change row(
      String op, @Nullable String key, @Nullable String oldRow, @Nullable String newRow) {
    return new Change(
        1042,
        "shop",
        key,
        op,
        "public",
        "orders",
        "7712",
        AT_MICROS,
        null,
        utf8(oldRow),
        utf8(newRow),
        null,
        0,
        3);
  }

  static Change published(String type, String payload, @Nullable String headers) {
    return new Change(
        1043,
        "shop",
        "c-7",
        "message",
        null,
        null,
        "7713",
        AT_MICROS,
        type,
        null,
        utf8(payload),
        utf8(headers),
        2,
        4);
  }

  static byte @Nullable [] utf8(@Nullable String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
