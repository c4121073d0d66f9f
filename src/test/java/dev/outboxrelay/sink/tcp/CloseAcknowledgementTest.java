// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a receiver's close is taken for, by when it comes and what was read before. */
class CloseAcknowledgementTest {

  private static final int ROUNDS = 30;

  /** Longer than a busy machine takes to close a socket. */
  private static final Patience PATIENCE =
      new Patience(Duration.ofSeconds(20), Duration.ofSeconds(20));

  private final TcpTransport transport =
      new TcpTransport(1, AddressPolicy.ANY, InetAddress::getAllByName, PATIENCE);

  @AfterEach
  void close() {
    transport.close();
  }

  /** As a balancer without backends does. */
  @ParameterizedTest
  @EnumSource(Framing.class)
  void receiver_thatAcceptsAndCloses_acknowledgesNothing(Framing framing) throws Exception {
    assertAcknowledgesNothing(framing, Messages.range(1, 3), it -> {});
  }

  @ParameterizedTest
  @EnumSource(Framing.class)
  void receiver_thatClosesItsSideAndReadsOn_acknowledgesNothing(Framing framing) throws Exception {
    assertAcknowledgesNothing(
        framing,
        List.of(Messages.of(1, "x".repeat(10_000_000))),
        it -> {
          it.socket().shutdownOutput();
          it.untilClosed();
        });
  }

  @ParameterizedTest
  @EnumSource(Framing.class)
  void receiver_thatReadsAByteAndCloses_acknowledgesNothing(Framing framing) throws Exception {
    assertAcknowledgesNothing(
        framing,
        List.of(Messages.of(1, "x".repeat(100_000))),
        it -> it.socket().getInputStream().read());
  }

  /** A balancer that loses its backends between two batches. */
  @ParameterizedTest
  @EnumSource(Framing.class)
  void receiver_thatTurnsToClosingAtOnce_acknowledgesNoMore(Framing framing) throws Exception {
    AtomicInteger connections = new AtomicInteger();
    RecordedSink heard = new RecordedSink();
    try (ScriptedPeer peer =
            new ScriptedPeer(
                it -> {
                  if (connections.incrementAndGet() == 1) {
                    it.untilClosed();
                  }
                });
        TcpTransport patientLater =
            new TcpTransport(
                1,
                AddressPolicy.ANY,
                InetAddress::getAllByName,
                new Patience(Duration.ZERO, PATIENCE.later()))) {
      Sink sink =
          patientLater.connect(
              Destinations.at("tcp://127.0.0.1:" + peer.port(), framing, Ack.CLOSE, "{}"), heard);
      sink.send(Messages.range(1, 1));
      heard.awaitAnswers(1);
      sink.send(Messages.range(2, 2));
      heard.awaitEnd();
      assertEquals(List.of(new Answer.Acked(1, 0)), heard.answers());
    }
  }

  private void assertAcknowledgesNothing(
      Framing framing, List<Message> messages, ScriptedPeer.Script script) throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(script)) {
      for (int round = 0; round < ROUNDS; round++) {
        RecordedSink heard = new RecordedSink();
        transport
            .connect(
                Destinations.at("tcp://127.0.0.1:" + peer.port(), framing, Ack.CLOSE, "{}"), heard)
            .send(messages);
        // No fault when the close was there before the messages.
        heard.awaitEnd();
        assertEquals(List.of(), heard.answers());
      }
    }
  }
}
