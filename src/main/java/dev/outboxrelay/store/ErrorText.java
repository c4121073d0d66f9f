package dev.outboxrelay.store;

import org.jspecify.annotations.Nullable;

/**
 * What receivers and sockets say goes into the table as an error, whatever it is made of: a text
 * that the database refuses would be tried again without end.
 */
final class ErrorText {
  private static final int MAX_CHARS = 1000;

  private ErrorText() {}

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
