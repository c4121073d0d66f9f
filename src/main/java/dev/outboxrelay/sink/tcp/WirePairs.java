// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;

/**
 * Which settings go together. The table {@code outbox.destination} refuses the others when they are
 * saved; a restored or hand-edited one may hold them all the same.
 */
final class WirePairs {

  private WirePairs() {}

  static void check(Destination destination) {
    if (destination.ack() != Ack.LINE) {
      return;
    }
    if (destination.framing() == Framing.RAW) {
      throw new IllegalArgumentException(
          "framing 'raw' ends with the connection, so it needs ack 'close' or 'none', not 'line'");
    }
    if (destination.format() == Format.PAYLOAD) {
      throw new IllegalArgumentException(
          "format 'payload' carries no id to answer, so it needs ack 'close' or 'none', not"
              + " 'line'");
    }
  }

  /** A connection for each batch is never idle for long. */
  static void check(Destination destination, TcpOptions options) {
    boolean stays = destination.ack() != Ack.CLOSE && destination.framing() != Framing.RAW;
    if (options.idleTimeout() != null && !stays) {
      throw new IllegalArgumentException(
          "idle_timeout_ms goes with a connection that stays open, not with "
              + (destination.ack() == Ack.CLOSE ? "ack 'close'" : "framing 'raw'"));
    }
  }

  /** Who names a CA means to speak TLS, and would speak plain text. */
  static void check(Endpoint endpoint, TlsOptions tls) {
    if (!endpoint.secure() && !tls.equals(TlsOptions.NONE)) {
      throw new IllegalArgumentException(
          "options for TLS need a uri that begins with tls://, it is " + endpoint);
    }
  }
}
