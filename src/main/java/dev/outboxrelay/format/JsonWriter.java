// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.WireId;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Assembles one line of JSON in a byte array.
 *
 * <p>It is on the path of every message, so it allocates the array once at the size that the stored
 * values call for, copies those values as they are, and formats nothing by way of a String.
 */
final class JsonWriter {

  /** Room for the member names and everything else that is short. */
  private static final int OVERHEAD_BYTES = 320;

  private static final byte[] NULL = literal("null");
  private static final byte[] HEX = literal("0123456789abcdef");
  private static final byte[] STAMP_DIGITS = literal("0123456789abcdefghijklmnopqrstuvwxyz");
  private static final byte[] SMALLEST_LONG = literal(Long.toString(Long.MIN_VALUE));

  private byte[] buffer;
  private int length;

  JsonWriter(int capacityBytes) {
    this.buffer = new byte[capacityBytes];
  }

  /** A writer that will rarely have to grow for this change. */
  static JsonWriter sizedFor(Change change) {
    long bytes =
        (long) OVERHEAD_BYTES
            + sizeOf(change.oldRow())
            + sizeOf(change.newRow())
            + sizeOf(change.headers())
            + (change.key() == null ? 0 : change.key().length());
    return new JsonWriter(Math.toIntExact(bytes));
  }

  private static int sizeOf(byte @Nullable [] json) {
    return json == null ? 0 : json.length;
  }

  /** The bytes of a piece of JSON that is always the same. */
  static byte[] literal(String ascii) {
    return ascii.getBytes(StandardCharsets.US_ASCII);
  }

  JsonWriter raw(byte[] literal) {
    reserve(literal.length);
    System.arraycopy(literal, 0, buffer, length, literal.length);
    length += literal.length;
    return this;
  }

  JsonWriter raw(char ascii) {
    reserve(1);
    buffer[length++] = (byte) ascii;
    return this;
  }

  JsonWriter number(long value) {
    if (value == Long.MIN_VALUE) {
      return raw(SMALLEST_LONG);
    }
    reserve(20);
    long rest = Math.abs(value);
    if (value < 0) {
      buffer[length++] = '-';
    }
    int end = length + digits(rest);
    length = end;
    do {
      buffer[--end] = (byte) ('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    return this;
  }

  private static int digits(long value) {
    int digits = 1;
    for (long rest = value / 10; rest != 0; rest /= 10) {
      digits++;
    }
    return digits;
  }

  /** The inside of a message's id, as {@link WireId#toString} writes it. */
  JsonWriter wireId(long id, long stamp) {
    number(id).raw(WireId.SEPARATOR);
    int digits = 1;
    for (long rest = stamp / WireId.STAMP_BASE; rest != 0; rest /= WireId.STAMP_BASE) {
      digits++;
    }
    reserve(digits);
    length += digits;
    long rest = stamp;
    for (int at = length - 1; digits > 0; at--, digits--) {
      buffer[at] = STAMP_DIGITS[(int) (rest % WireId.STAMP_BASE)];
      rest /= WireId.STAMP_BASE;
    }
    return this;
  }

  JsonWriter stringOrNull(@Nullable String value) {
    return value == null ? raw(NULL) : string(value);
  }

  /** A string in quotes. What UTF-8 cannot hold (half a surrogate pair) becomes U+FFFD. */
  JsonWriter string(String value) {
    raw('"');
    stringBody(value);
    return raw('"');
  }

  /** The inside of a string: escaped, without the quotes. */
  JsonWriter stringBody(String value) {
    reserve(value.length());
    int count = value.length();
    int at = 0;
    for (; at < count; at++) {
      char c = value.charAt(at);
      if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
        break;
      }
      buffer[length++] = (byte) c;
    }
    return at == count ? this : escaped(value, at);
  }

  private JsonWriter escaped(String value, int from) {
    int count = value.length();
    reserve((int) Math.min(Integer.MAX_VALUE, (count - from) * 6L));
    for (int at = from; at < count; at++) {
      char c = value.charAt(at);
      if (c < 0x80) {
        escapedAscii(c);
      } else if (c < 0x800) {
        buffer[length++] = (byte) (0xc0 | c >> 6);
        buffer[length++] = (byte) (0x80 | c & 0x3f);
      } else if (!Character.isSurrogate(c)) {
        threeBytes(c);
      } else if (Character.isHighSurrogate(c)
          && at + 1 < count
          && Character.isLowSurrogate(value.charAt(at + 1))) {
        fourBytes(Character.toCodePoint(c, value.charAt(++at)));
      } else {
        threeBytes('\ufffd');
      }
    }
    return this;
  }

  private void escapedAscii(char c) {
    if (c == '"' || c == '\\') {
      buffer[length++] = '\\';
      buffer[length++] = (byte) c;
    } else if (c == '\n') {
      buffer[length++] = '\\';
      buffer[length++] = 'n';
    } else if (c == '\t') {
      buffer[length++] = '\\';
      buffer[length++] = 't';
    } else if (c < 0x20 || c == 0x7f) {
      buffer[length++] = '\\';
      buffer[length++] = 'u';
      buffer[length++] = '0';
      buffer[length++] = '0';
      buffer[length++] = HEX[c >> 4];
      buffer[length++] = HEX[c & 0xf];
    } else {
      buffer[length++] = (byte) c;
    }
  }

  private void threeBytes(char c) {
    buffer[length++] = (byte) (0xe0 | c >> 12);
    buffer[length++] = (byte) (0x80 | c >> 6 & 0x3f);
    buffer[length++] = (byte) (0x80 | c & 0x3f);
  }

  private void fourBytes(int codePoint) {
    buffer[length++] = (byte) (0xf0 | codePoint >> 18);
    buffer[length++] = (byte) (0x80 | codePoint >> 12 & 0x3f);
    buffer[length++] = (byte) (0x80 | codePoint >> 6 & 0x3f);
    buffer[length++] = (byte) (0x80 | codePoint & 0x3f);
  }

  /**
   * A stored JSON value, unparsed. Raw line breaks would end the line; JSON allows them only as
   * white space between tokens, so a space in their place changes nothing.
   */
  JsonWriter stored(byte[] json) {
    reserve(json.length);
    System.arraycopy(json, 0, buffer, length, json.length);
    int end = length + json.length;
    for (int at = length; at < end; at++) {
      byte b = buffer[at];
      if (b == '\n' || b == '\r') {
        buffer[at] = ' ';
      }
    }
    length = end;
    return this;
  }

  JsonWriter storedOrNull(byte @Nullable [] json) {
    return json == null ? raw(NULL) : stored(json);
  }

  /** A stored JSON value as the inside of a string, for formats that have no place for objects. */
  JsonWriter storedAsString(byte[] json) {
    for (byte b : json) {
      reserve(6);
      if (b == '\n' || b == '\r') {
        buffer[length++] = ' ';
      } else if (b >= 0) {
        escapedAscii((char) b);
      } else {
        buffer[length++] = b;
      }
    }
    return this;
  }

  /** ISO 8601 in UTC with microseconds, in quotes. */
  JsonWriter timestamp(long micros) {
    byte[] second = UtcSecond.digitsOf(Math.floorDiv(micros, 1_000_000L));
    reserve(second.length + 10);
    buffer[length++] = '"';
    raw(second);
    buffer[length++] = '.';
    int fraction = (int) Math.floorMod(micros, 1_000_000L);
    for (int at = length + 5; at >= length; at--) {
      buffer[at] = (byte) ('0' + fraction % 10);
      fraction /= 10;
    }
    length += 6;
    buffer[length++] = 'Z';
    buffer[length++] = '"';
    return this;
  }

  private void reserve(int bytes) {
    if (buffer.length - length < bytes) {
      long wanted = Math.max((long) length + bytes, buffer.length * 2L);
      long most = Integer.MAX_VALUE - 8L;
      if ((long) length + bytes > most) {
        throw new IllegalArgumentException("a message of more than 2 GiB cannot be written");
      }
      buffer = Arrays.copyOf(buffer, (int) Math.min(wanted, most));
    }
  }

  byte[] toBytes() {
    return length == buffer.length ? buffer : Arrays.copyOf(buffer, length);
  }
}
