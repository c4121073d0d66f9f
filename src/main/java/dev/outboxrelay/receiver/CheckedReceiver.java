// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.tcp.BareConnection;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The receiver that is checked: what can be sent to it, and what it is asked to show. */
final class CheckedReceiver {

  private final TcpTransport transport;
  private final Destination destination;
  private final Duration patience;

  /**
   * A receiver.
   *
   * @param destination where it listens, and what it was written for
   * @param patience how long an answer may take
   */
  CheckedReceiver(TcpTransport transport, Destination destination, Duration patience) {
    this.transport = transport;
    this.destination = destination;
    this.patience = patience;
  }

  Destination destination() {
    return destination;
  }

  Ack ack() {
    return destination.ack();
  }

  Duration patience() {
    return patience;
  }

  /** A connection as a relay makes it. */
  Exchange open() {
    return new Exchange(transport, destination, patience);
  }

  /** Sends on a connection of its own, and waits for the answers. */
  List<Answer> answers(List<Message> sent) throws InterruptedException, CheckFailed {
    try (Exchange exchange = open()) {
      exchange.send(sent);
      return exchange.awaitAnswers(sent.size());
    }
  }

  /** The next message, on a new connection, is answered: whatever happened before. */
  void serves(Message next) throws InterruptedException, CheckFailed {
    try {
      answers(List.of(next));
    } catch (CheckFailed e) {
      throw new CheckFailed("it does not serve the next connection: " + e.getMessage());
    }
  }

  /** A connection for bytes that no relay would send on purpose. */
  BareConnection bare() throws InterruptedException, CheckFailed {
    try {
      return transport.bare(destination, patience);
    } catch (IOException e) {
      throw new CheckFailed(String.valueOf(e.getMessage()));
    }
  }

  /** What was sent on a bare connection is answered; with 'close' that ends the connection. */
  void awaitAnswered(BareConnection connection, int count)
      throws InterruptedException, CheckFailed {
    switch (ack()) {
      case NONE -> {
        return;
      }
      case CLOSE -> {
        connection.endOutput();
        if (!connection.awaitEnd(patience)) {
          throw new CheckFailed("it did not close after the end of a batch of " + count);
        }
      }
      case LINE -> {
        int answered = connection.awaitAnswers(count).size();
        if (answered < count) {
          throw new CheckFailed(answered + " of " + count + " answered: " + connection.state());
        }
      }
    }
  }

  /** Messages as they go over the wire, one after the other. */
  byte[] framed(List<Message> messages) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Framing framing = destination.framing();
    for (Message message : messages) {
      int length = message.body().length;
      if (framing == Framing.LENGTH) {
        for (int shift = 24; shift >= 0; shift -= 8) {
          bytes.write(length >> shift);
        }
      }
      bytes.writeBytes(message.body());
      if (framing == Framing.NDJSON) {
        bytes.write('\n');
      }
    }
    return bytes.toByteArray();
  }

  byte[] framed(Message message) {
    return framed(List.of(message));
  }
}
