// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.tcp.BareConnection;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The items of a {@link Conformance} check that look at the stream of bytes below the messages:
 * where it is cut into pieces, and how it ends.
 */
final class StreamChecks {

  /** So long that the receiver has read one piece before the next comes. */
  private static final Duration BETWEEN_PIECES = Duration.ofMillis(10);

  private static final Duration BETWEEN_BYTES = Duration.ofMillis(1);

  /** A receiver that has read nothing for so long waits until its answers are read. */
  private static final Duration STUCK = Duration.ofSeconds(3);

  private static final Duration UNREAD = Duration.ofMillis(500);
  private static final Duration LAST_WORDS = Duration.ofMillis(500);
  private static final int EMPTY_CONNECTIONS = 15;

  private final CheckedReceiver receiver;
  private final CheckMessages messages;

  StreamChecks(CheckedReceiver receiver, CheckMessages messages) {
    this.receiver = receiver;
    this.messages = messages;
  }

  /** Pieces that end inside characters, escapes and the frame, and at last inside the next one. */
  String split() throws InterruptedException, CheckFailed {
    boolean alone = receiver.destination().framing() == Framing.RAW;
    List<Message> sent =
        alone ? List.of(messages.splittable()) : List.of(messages.splittable(), messages.small());
    byte[] bytes = receiver.framed(sent);
    List<Integer> cuts = cuts(bytes);
    int from = 0;
    try (BareConnection connection = receiver.bare()) {
      for (int cut : cuts) {
        write(connection, Arrays.copyOfRange(bytes, from, cut));
        pause(BETWEEN_PIECES);
        from = cut;
      }
      receiver.awaitAnswered(connection, sent.size());
    }
    receiver.serves(messages.small());
    return sent.size() + " in " + cuts.size() + " pieces";
  }

  /** The ends of the pieces, the last of them the end of all. */
  private List<Integer> cuts(byte[] bytes) {
    List<Integer> cuts = new ArrayList<>();
    if (receiver.destination().framing() == Framing.LENGTH) {
      cuts.add(2);
    }
    for (int at = 5; at < bytes.length; at++) {
      boolean insideCharacter = (bytes[at] & 0xC0) == 0x80;
      boolean insideEscape = bytes[at - 1] == '\\';
      boolean insideHex = bytes[at - 3] == 'u' && bytes[at - 4] == '\\';
      boolean beforeEnd = bytes[at] == '\n';
      boolean insideNext = bytes[at - 4] == '\n';
      if (insideCharacter || insideEscape || insideHex || beforeEnd || insideNext) {
        cuts.add(at);
      }
    }
    cuts.add(bytes.length);
    return cuts;
  }

  String byteByByte() throws InterruptedException, CheckFailed {
    byte[] bytes = receiver.framed(messages.small());
    try (BareConnection connection = receiver.bare()) {
      for (byte each : bytes) {
        write(connection, new byte[] {each});
        pause(BETWEEN_BYTES);
      }
      receiver.awaitAnswered(connection, 1);
    }
    return "a message in " + bytes.length + " pieces";
  }

  /** Sends as much as a relay does before it waits, and reads no answer for a while. */
  String lateReading(int count) throws InterruptedException, CheckFailed {
    if (receiver.ack() != Ack.LINE) {
      return "there is no answer that could be read late";
    }
    try (BareConnection connection = receiver.bare()) {
      connection.stopReading();
      connection.writeUntilStuck(receiver.framed(messages.many(count)), STUCK);
      pause(UNREAD);
      connection.readOn();
      receiver.awaitAnswered(connection, count);
    }
    return count + " answers, read " + UNREAD.toMillis() + " ms late";
  }

  String twoConnections() throws InterruptedException, CheckFailed {
    if (receiver.ack() == Ack.NONE) {
      return "not to be seen where nothing is answered";
    }
    try (Exchange first = receiver.open()) {
      first.awaitConnected();
      if (receiver.ack() == Ack.LINE) {
        first.send(messages.many(1));
        first.awaitAnswers(1);
      }
      try {
        receiver.answers(messages.many(1));
      } catch (CheckFailed e) {
        throw new CheckFailed("while one connection is open, on a second: " + e.getMessage());
      }
      first.send(messages.many(1));
      first.awaitAnswers(receiver.ack() == Ack.LINE ? 2 : 1);
    }
    return "both were served";
  }

  String emptyConnections() throws InterruptedException, CheckFailed {
    for (int each = 0; each < EMPTY_CONNECTIONS; each++) {
      try (BareConnection connection = receiver.bare()) {
        if (each % 3 == 0) {
          connection.reset();
        } else if (each % 3 == 1) {
          connection.endOutput();
          connection.awaitEnd(BETWEEN_PIECES);
        }
      }
    }
    receiver.serves(messages.small());
    return EMPTY_CONNECTIONS + " that ended without a byte";
  }

  String endOfStream() throws InterruptedException, CheckFailed {
    if (receiver.ack() == Ack.NONE) {
      return "not asked of a receiver that never answers";
    }
    try (BareConnection connection = receiver.bare()) {
      write(connection, receiver.framed(messages.small()));
      receiver.awaitAnswered(connection, 1);
      connection.endOutput();
      if (!connection.awaitEnd(receiver.patience())) {
        throw new CheckFailed(
            "it kept its side open for " + receiver.patience().toMillis() + " ms");
      }
    }
    return "it closed its side";
  }

  /** Answers on their way into a connection that is gone, and the same messages again. */
  String cut(int count) throws InterruptedException, CheckFailed {
    List<Message> sent = messages.many(count);
    try (Exchange exchange = receiver.open()) {
      exchange.awaitConnected();
      exchange.send(sent);
      if (receiver.ack() == Ack.LINE) {
        // It is writing now; what it writes from here on is lost.
        exchange.awaitAnswers(1);
      }
    }
    receiver.serves(messages.small());
    receiver.answers(sent.subList(0, Math.min(10, count)));
    return "it served the next connection, and answered what had been lost with the first";
  }

  String resetInsideMessage() throws InterruptedException, CheckFailed {
    byte[] bytes = receiver.framed(messages.small());
    for (int end : new int[] {1, bytes.length / 2, bytes.length - 1}) {
      try (BareConnection connection = receiver.bare()) {
        write(connection, Arrays.copyOf(bytes, end));
        pause(BETWEEN_PIECES);
        connection.reset();
      }
    }
    receiver.serves(messages.small());
    return "it served the next connection";
  }

  /** A relay that dies leaves the end of the stream wherever its last segment ended. */
  String half() throws InterruptedException, CheckFailed {
    Message whole = messages.small();
    Message half = messages.small();
    byte[] second = receiver.framed(half);
    boolean alone = receiver.destination().framing() == Framing.RAW;
    // Nearly all: without its last byte that is not a line break.
    int most = second.length - (receiver.destination().framing() == Framing.NDJSON ? 2 : 1);
    for (int end : new int[] {second.length / 2, most}) {
      try (BareConnection connection = receiver.bare()) {
        if (!alone) {
          write(connection, receiver.framed(whole));
        }
        write(connection, Arrays.copyOf(second, end));
        connection.endOutput();
        connection.awaitEnd(LAST_WORDS);
        for (Answer answer : connection.answers()) {
          if (answer.id() == half.id() && !(answer instanceof Answer.Nacked)) {
            throw new CheckFailed(
                "it acknowledged a message of which it got "
                    + end
                    + " of "
                    + second.length
                    + " bytes before the end of the stream");
          }
        }
      }
    }
    receiver.serves(messages.small());
    return "it threw the half away, and served the next connection";
  }

  private static void write(BareConnection connection, byte[] bytes)
      throws InterruptedException, CheckFailed {
    try {
      connection.write(bytes);
    } catch (IOException e) {
      throw new CheckFailed(e.getMessage());
    }
  }

  private static void pause(Duration time) throws InterruptedException {
    Thread.sleep(time.toMillis());
  }
}
