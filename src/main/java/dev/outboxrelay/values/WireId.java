// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.values;

import org.jspecify.annotations.Nullable;

/**
 * A message's id as receivers and operators know it: the row's id and the microsecond of its
 * change, {@code 1042-kx3d9a2b1c}. A sequence can go back (a failover, a cold copy put back), and
 * then gives a number out again; together the two name one change for ever.
 *
 * <p>INVARIANT: each pair has one text, so that equal texts and equal pairs are the same. What does
 * not have that form exactly is no id.
 *
 * @param id the row's id
 * @param stamp as {@link #stamp} makes it
 */
public record WireId(long id, long stamp) {

  /** Between the two parts. */
  public static final char SEPARATOR = '-';

  /** The base of the second part, whose digits are 0 to 9 and a to z. */
  public static final int STAMP_BASE = 36;

  private static final long YEAR_10000_MICROS = 253_402_300_800_000_000L;
  private static final int MAX_NUMBER_DIGITS = 19;
  private static final int MAX_STAMP_DIGITS = 13;

  /**
   * The second part, as a number. {@code outbox.wire_id} says the same in SQL.
   *
   * @param createdAtMicros since 1970
   * @return 0 for a time that no clock shows: before 1970, or from the year 10000 on
   */
  public static long stamp(long createdAtMicros) {
    return createdAtMicros > 0 && createdAtMicros < YEAR_10000_MICROS ? createdAtMicros : 0;
  }

  /** The id that a text is, or null when it is none. */
  public static @Nullable WireId parse(String text) {
    int separator = text.indexOf(SEPARATOR);
    if (separator < 0) {
      return null;
    }
    long id = number(text, 0, separator, 10, MAX_NUMBER_DIGITS);
    long stamp = number(text, separator + 1, text.length(), STAMP_BASE, MAX_STAMP_DIGITS);
    return id < 0 || stamp < 0 ? null : new WireId(id, stamp);
  }

  /** A number as {@link #toString} writes it, or -1. */
  private static long number(String text, int from, int to, int base, int mostDigits) {
    int digits = to - from;
    if (digits < 1 || digits > mostDigits || digits > 1 && text.charAt(from) == '0') {
      return -1;
    }
    long number = 0;
    for (int at = from; at < to; at++) {
      int digit = digit(text.charAt(at));
      if (digit < 0 || digit >= base || number > (Long.MAX_VALUE - digit) / base) {
        return -1;
      }
      number = number * base + digit;
    }
    return number;
  }

  /** What a digit of the second part is worth, -1 when it is none. */
  public static int digit(int character) {
    if (character >= '0' && character <= '9') {
      return character - '0';
    }
    return character >= 'a' && character <= 'z' ? character - 'a' + 10 : -1;
  }

  @Override
  public String toString() {
    return id + "-" + Long.toString(stamp, STAMP_BASE);
  }
}
