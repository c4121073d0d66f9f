// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * A second of UTC as the 19 digits of its date and time. The last one is kept: messages come in the
 * order in which they were written, so most share the second of the one before.
 */
final class UtcSecond {

  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss");

  private static volatile UtcSecond last = new UtcSecond(0);

  private final long epochSecond;
  private final byte[] digits;

  private UtcSecond(long epochSecond) {
    this.epochSecond = epochSecond;
    this.digits =
        FORMAT
            .format(LocalDateTime.ofEpochSecond(epochSecond, 0, ZoneOffset.UTC))
            .getBytes(StandardCharsets.US_ASCII);
  }

  /** Never changed by the caller: the array is shared. */
  static byte[] digitsOf(long epochSecond) {
    UtcSecond known = last;
    if (known.epochSecond != epochSecond) {
      known = new UtcSecond(epochSecond);
      last = known;
    }
    return known.digits;
  }
}
