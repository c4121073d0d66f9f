// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.values.WireId;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cuts what a receiver sends into lines and each line into an answer.
 *
 * <p>Nearly every line is {@code {"ack":"1042-kx3d9a2b1c"}}, so exactly that, with optional white
 * space, is read by hand; everything else goes to {@link AnswerJson}. Memory is bounded: an
 * unfinished line is kept up to {@link #MAX_LINE_BYTES}. Not safe for threads; one for each
 * connection.
 */
final class AnswerParser {

  static final int MAX_LINE_BYTES = 64 * 1024;

  private static final byte[] ACK = {'"', 'a', 'c', 'k', '"'};
  private static final int FIRST_CARRY_BYTES = 128;

  /** So many cannot overflow. */
  private static final int MAX_DIGITS = 18;

  private static final int MAX_STAMP_DIGITS = 12;

  private byte[] carry = new byte[FIRST_CARRY_BYTES];
  private int carried;

  /**
   * Reads all of a buffer.
   *
   * @param in what arrived; its reader index moves to its end
   * @param out gets the answers, also those before a malformed one
   */
  void feed(ByteBuf in, List<Answer> out) throws ProtocolException {
    while (in.isReadable()) {
      int start = in.readerIndex();
      int lineBreak = in.indexOf(start, in.writerIndex(), (byte) '\n');
      if (lineBreak < 0) {
        keep(in, in.readableBytes());
        return;
      }
      int bytes = lineBreak - start;
      if (carried == 0 && bytes <= MAX_LINE_BYTES) {
        Answer answer = ack(in, start, lineBreak);
        if (answer != null) {
          out.add(answer);
          in.readerIndex(lineBreak + 1);
          continue;
        }
      }
      keep(in, bytes);
      in.skipBytes(1);
      Answer answer = AnswerJson.parse(carry, carried);
      carried = 0;
      if (answer != null) {
        out.add(answer);
      }
    }
  }

  /** Tells whether the receiver stopped inside a line. */
  boolean insideLine() {
    return carried > 0;
  }

  private void keep(ByteBuf in, int bytes) throws ProtocolException {
    if (carried + bytes > MAX_LINE_BYTES) {
      throw new ProtocolException(
          "an answer is longer than "
              + MAX_LINE_BYTES
              + " bytes, it begins with "
              + AnswerJson.excerpt(carry, carried));
    }
    if (carried + bytes > carry.length) {
      int wanted = Math.max(carried + bytes, carry.length * 2);
      carry = Arrays.copyOf(carry, Math.min(MAX_LINE_BYTES, wanted));
    }
    in.readBytes(carry, carried, bytes);
    carried += bytes;
  }

  /** The answer if the line is a plain acknowledgement, else null. */
  private static Answer.@Nullable Acked ack(ByteBuf in, int start, int end) {
    int at = skipSpace(in, start, end);
    if (at >= end || in.getByte(at) != '{') {
      return null;
    }
    at = skipSpace(in, at + 1, end);
    if (end - at < ACK.length) {
      return null;
    }
    for (byte expected : ACK) {
      if (in.getByte(at++) != expected) {
        return null;
      }
    }
    at = skipSpace(in, at, end);
    if (at >= end || in.getByte(at) != ':') {
      return null;
    }
    at = skipSpace(in, at + 1, end);
    if (at >= end || in.getByte(at) != '"') {
      return null;
    }
    at++;
    int first = at;
    long id = 0;
    for (; at < end; at++) {
      int digit = in.getByte(at) - '0';
      if (digit < 0 || digit > 9) {
        break;
      }
      id = id * 10 + digit;
    }
    if (isOdd(in, first, at - first, MAX_DIGITS) || at >= end || in.getByte(at) != '-') {
      return null;
    }
    first = ++at;
    long stamp = 0;
    for (; at < end; at++) {
      int digit = WireId.digit(in.getByte(at));
      if (digit < 0) {
        break;
      }
      stamp = stamp * WireId.STAMP_BASE + digit;
    }
    if (isOdd(in, first, at - first, MAX_STAMP_DIGITS) || at >= end || in.getByte(at) != '"') {
      return null;
    }
    at = skipSpace(in, at + 1, end);
    if (at >= end || in.getByte(at) != '}') {
      return null;
    }
    return skipSpace(in, at + 1, end) == end ? new Answer.Acked(id, stamp) : null;
  }

  /** No digit, a zero in front, or so many that the number may be too large: the thorough way's. */
  private static boolean isOdd(ByteBuf in, int first, int digits, int mostDigits) {
    return digits == 0 || digits > mostDigits || digits > 1 && in.getByte(first) == '0';
  }

  private static int skipSpace(ByteBuf in, int from, int end) {
    int at = from;
    while (at < end) {
      byte b = in.getByte(at);
      if (b != ' ' && b != '\t' && b != '\r') {
        break;
      }
      at++;
    }
    return at;
  }
}
