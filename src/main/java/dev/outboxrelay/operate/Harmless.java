// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

/**
 * Text of any origin made fit for a terminal: one line, without what steers the terminal or turns
 * the writing round. What is taken out is shown as an escape.
 */
public final class Harmless {
  private static final int FIRST_WIDE = 0x1100;

  private Harmless() {}

  /** The text, with escapes for what would do harm. */
  public static String text(String text) {
    if (text.codePoints().allMatch(Harmless::isHarmless)) {
      return text;
    }
    StringBuilder harmless = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              if (isHarmless(c)) {
                harmless.appendCodePoint(c);
              } else {
                escape(harmless, c);
              }
            });
    return harmless.toString();
  }

  /** At most so many columns of it; what is left out is told by three dots. */
  public static String cut(String text, int maxColumns) {
    if (columns(text) <= maxColumns) {
      return text;
    }
    StringBuilder kept = new StringBuilder();
    int columns = 0;
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      columns += columns(c);
      if (columns > maxColumns - 1) {
        break;
      }
      kept.appendCodePoint(c);
      at += Character.charCount(c);
    }
    return kept.append('…').toString();
  }

  /** How many columns of a terminal a text takes. */
  static int columns(String text) {
    return text.codePoints().map(Harmless::columns).sum();
  }

  private static int columns(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK -> 0;
      default -> c >= FIRST_WIDE && isWide(c) ? 2 : 1;
    };
  }

  /** East Asian letters and pictures. */
  private static boolean isWide(int c) {
    return c <= 0x115f
        || c >= 0x2e80 && c <= 0xa4cf
        || c >= 0xac00 && c <= 0xd7a3
        || c >= 0xf900 && c <= 0xfaff
        || c >= 0xfe30 && c <= 0xfe6f
        || c >= 0xff00 && c <= 0xff60
        || c >= 0x1f300 && c <= 0x1faff
        || c >= 0x20000 && c <= 0x3fffd;
  }

  private static boolean isHarmless(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.PRIVATE_USE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  private static void escape(StringBuilder to, int c) {
    switch (c) {
      case '\n' -> to.append("\\n");
      case '\r' -> to.append("\\r");
      case '\t' -> to.append("\\t");
      default -> {
        String hex = Integer.toHexString(c);
        to.append("\\u").append("0".repeat(Math.max(0, 4 - hex.length()))).append(hex);
      }
    }
  }
}
