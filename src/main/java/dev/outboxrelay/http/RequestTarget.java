// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a request's first line asks for, decoded. Nothing is guessed: what is not well-formed is
 * refused, so that nobody between the client and us can have read something else.
 *
 * @param query the values of each name, as they came
 */
record RequestTarget(String path, Map<String, List<String>> query) {

  /**
   * Reads it. A proxy may send the whole URL.
   *
   * @throws IllegalArgumentException with what is wrong
   */
  static RequestTarget of(String target) {
    String own = target;
    if (own.startsWith("http://")) {
      int slash = own.indexOf('/', "http://".length());
      own = slash < 0 ? "/" : own.substring(slash);
    }
    int mark = own.indexOf('?');
    String path = decoded(mark < 0 ? own : own.substring(0, mark));
    Map<String, List<String>> query = new LinkedHashMap<>();
    if (mark >= 0) {
      for (String each : own.substring(mark + 1).split("&")) {
        if (!each.isEmpty()) {
          add(query, each);
        }
      }
    }
    return new RequestTarget(path, query);
  }

  private static void add(Map<String, List<String>> query, String pair) {
    int equals = pair.indexOf('=');
    String name = decoded(spaced(equals < 0 ? pair : pair.substring(0, equals)));
    String value = equals < 0 ? "" : decoded(spaced(pair.substring(equals + 1)));
    query.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
  }

  /** As forms send it: a plus is a space. */
  private static String spaced(String text) {
    return text.replace("+", "%20");
  }

  private static String decoded(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c != '%') {
        if (c <= ' ' || c >= '\u007f') {
          throw new IllegalArgumentException("a character of it must be written with '%'");
        }
        bytes.write(c);
        continue;
      }
      boolean isByte =
          at + 2 < text.length()
              && HexFormat.isHexDigit(text.charAt(at + 1))
              && HexFormat.isHexDigit(text.charAt(at + 2));
      if (!isByte) {
        throw new IllegalArgumentException("two hexadecimal digits must follow each '%'");
      }
      bytes.write(HexFormat.fromHexDigits(text, at + 1, at + 3));
      at += 2;
    }
    return text(bytes.toByteArray());
  }

  private static String text(byte[] bytes) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("its bytes are no UTF-8", e);
    }
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("it holds a zero character");
    }
    return text;
  }
}
