// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import java.nio.charset.StandardCharsets;

/**
 * Words of a receiver made fit for a log, a terminal and a column of text: one line, of bounded
 * length, without what steers a terminal, turns the writing round or cannot be stored.
 */
public final class Printable {

  private static final char REPLACEMENT = '\ufffd';

  private Printable() {}

  /** A text of at most so many characters. */
  public static String text(String text, int maxChars) {
    StringBuilder printable = new StringBuilder(Math.min(text.length(), maxChars));
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      int shown = Character.isWhitespace(c) ? ' ' : isPrintable(c) ? c : REPLACEMENT;
      if (printable.length() + Character.charCount(shown) > maxChars) {
        break;
      }
      printable.appendCodePoint(shown);
      at += Character.charCount(c);
    }
    return printable.toString();
  }

  /** The beginning of a line: at most so many bytes of it, and as many of ours. */
  static String excerpt(byte[] line, int length, int maxBytes) {
    int shown = Math.min(length, maxBytes);
    StringBuilder printable = new StringBuilder(shown + 1);
    new String(line, 0, shown, StandardCharsets.UTF_8)
        .codePoints()
        .map(c -> c != REPLACEMENT && isPrintable(c) ? c : '.')
        .forEach(printable::appendCodePoint);
    return shown < length ? printable + "…" : printable.toString();
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
