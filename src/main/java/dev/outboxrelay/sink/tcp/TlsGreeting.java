// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import io.netty.buffer.ByteBuf;

/**
 * The first bytes that a receiver says on a connection without TLS, looked at: a TLS server answers
 * plain text with an alert, and closes in good order afterwards.
 */
final class TlsGreeting {

  static final String REASON =
      "the receiver speaks TLS: the destination's uri should begin with tls://";

  private static final int ALERT = 21;
  private static final int HANDSHAKE = 22;
  private static final int NEEDED = 3;

  private final byte[] first = new byte[NEEDED];
  private int count;

  /** Takes what was read, without consuming it; true when the receiver speaks TLS. */
  boolean heard(ByteBuf in) {
    if (count == NEEDED) {
      return false;
    }
    for (int at = in.readerIndex(); at < in.writerIndex() && count < NEEDED; at++) {
      first[count++] = in.getByte(at);
    }
    return count == NEEDED
        && (first[0] == ALERT || first[0] == HANDSHAKE)
        && first[1] == 3
        && first[2] >= 0
        && first[2] <= 4;
  }

  /** Tells whether anything was said. */
  boolean anything() {
    return count > 0;
  }
}
