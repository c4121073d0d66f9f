// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Durations;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Receiver} listens and answers.
 *
 * @param host the address to listen on
 * @param port the port to listen on, 0 for any free one
 * @param framing as the destination's
 * @param ack as the destination's
 * @param refusal what is refused, null for nothing
 * @param delay how long each answer is held back
 * @param silent true to read and never answer
 * @param closeAfter how many messages are answered on a connection before it is closed, 0 for no
 *     limit
 */
public record ReceiverOptions(
    String host,
    int port,
    Framing framing,
    Ack ack,
    @Nullable Refusal refusal,
    Duration delay,
    boolean silent,
    int closeAfter) {

  /** Acknowledges every line, on any free port of the loopback interface. */
  public static final ReceiverOptions DEFAULTS =
      new ReceiverOptions("127.0.0.1", 0, Framing.NDJSON, Ack.LINE, null, Duration.ZERO, false, 0);

  public ReceiverOptions {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port is " + port + ", need 0 to 65535");
    }
    if (delay.isNegative()) {
      throw new IllegalArgumentException("delay is " + Durations.text(delay) + ", need 0s or more");
    }
    if (closeAfter < 0) {
      throw new IllegalArgumentException("close after " + closeAfter + ", need 0 or more");
    }
    if (framing == Framing.RAW && ack == Ack.LINE) {
      throw new IllegalArgumentException(
          "framing 'raw' has no line to answer with, need ack 'close' or 'none'");
    }
  }

  public ReceiverOptions withHost(String host) {
    return new ReceiverOptions(host, port, framing, ack, refusal, delay, silent, closeAfter);
  }

  public ReceiverOptions withPort(int port) {
    return new ReceiverOptions(host, port, framing, ack, refusal, delay, silent, closeAfter);
  }

  public ReceiverOptions withFraming(Framing framing) {
    return new ReceiverOptions(host, port, framing, ack, refusal, delay, silent, closeAfter);
  }

  public ReceiverOptions withAck(Ack ack) {
    return new ReceiverOptions(host, port, framing, ack, refusal, delay, silent, closeAfter);
  }

  public ReceiverOptions withRefusal(@Nullable Refusal refusal) {
    return new ReceiverOptions(host, port, framing, ack, refusal, delay, silent, closeAfter);
  }

  public ReceiverOptions withDelay(Duration delay) {
    return new ReceiverOptions(host, port, framing, ack, refusal, delay, silent, closeAfter);
  }

  public ReceiverOptions withSilent(boolean silent) {
    return new ReceiverOptions(host, port, framing, ack, refusal, delay, silent, closeAfter);
  }

  public ReceiverOptions withCloseAfter(int closeAfter) {
    return new ReceiverOptions(host, port, framing, ack, refusal, delay, silent, closeAfter);
  }
}
