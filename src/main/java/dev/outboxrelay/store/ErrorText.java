// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What receivers and sockets say goes into the table as an error, whatever it is made of: a text
 * that the database refuses would be tried again without end.
 */
final class ErrorText {
  private static final int MAX_CHARS = 1000;

  /** The server's code for a character that its encoding has not. */
  private static final String UNTRANSLATABLE = "22P05";

  private static final Pattern NOT_ASCII = Pattern.compile("[^\\x00-\\x7f]");

  private ErrorText() {}

  /** A statement that stores a text. */
  interface Storing<T> {
    T run(@Nullable String text) throws SQLException;
  }

  /**
   * Stores a text as it is, or without what the database's encoding has no character for: LATIN1
   * has none for most of what a receiver in another country may say.
   */
  static <T> T store(@Nullable String text, Storing<T> storing) throws SQLException {
    try {
      return storing.run(text);
    } catch (SQLException e) {
      if (text == null || !UNTRANSLATABLE.equals(e.getSQLState())) {
        throw e;
      }
      return storing.run(NOT_ASCII.matcher(text).replaceAll("?"));
    }
  }

  /** Without U+0000 and halves of surrogate pairs, and cut to 1,000 characters. */
  static @Nullable String storable(@Nullable String text) {
    if (text == null) {
      return null;
    }
    StringBuilder storable = new StringBuilder(Math.min(text.length(), MAX_CHARS));
    for (int at = 0; at < text.length(); ) {
      int character = text.codePointAt(at);
      int length = Character.charCount(character);
      if (storable.length() + length > MAX_CHARS) {
        break;
      }
      boolean half = length == 1 && Character.isSurrogate((char) character);
      if (character != 0 && !half) {
        storable.appendCodePoint(character);
      }
      at += length;
    }
    return storable.toString();
  }
}
