// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class ReceiverTest {

  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final RecordedSink heard = new RecordedSink();
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  @AfterEach
  void close() {
    transport.close();
  }

  @Test
  void receiver_byDefault_printsEachLineAsItCameAndAcknowledges() throws Exception {
    try (Receiver receiver = start(ReceiverOptions.DEFAULTS)) {
      Sink sink = transport.connect(Destinations.at(receiver.port()), heard);
      sink.send(List.of(Messages.small(1), Messages.of(2, "{ \"id\" : \"2-0\", \"x\":\"é\" }")));
      heard.awaitAnswers(2);
      assertEquals(List.of(new Answer.Acked(1, 0), new Answer.Acked(2, 0)), heard.answers());
      assertEquals(
          "{\"id\":\"1-0\",\"epoch\":1}\n{ \"id\" : \"2-0\", \"x\":\"é\" }\n",
          printed.toString(StandardCharsets.UTF_8));
      assertEquals(2, receiver.received());
      assertEquals(2, receiver.acknowledged());
      assertEquals(1, receiver.connections());
    }
  }

  @Test
  void receiver_thatRefusesByText_givesReasonAndTimes() throws Exception {
    Refusal refusal =
        new Refusal(0, Pattern.compile("\"x\":4"), "a \"bad\"\nrow", false, Duration.ofMillis(70));
    try (Receiver receiver = start(ReceiverOptions.DEFAULTS.withRefusal(refusal))) {
      Sink sink = transport.connect(Destinations.at(receiver.port()), heard);
      sink.send(List.of(Messages.small(1), Messages.of(2, "{\"id\":\"2-0\",\"x\":4}")));
      heard.awaitAnswers(2);
      assertEquals(
          List.of(
              new Answer.Acked(1, 0),
              new Answer.Nacked(2, 0, "a \"bad\" row", false, Duration.ofMillis(70))),
          heard.answers());
      receiver.refuse(null);
      sink.send(List.of(Messages.of(2, "{\"id\":\"2-0\",\"x\":4}")));
      heard.awaitAnswers(3);
      assertEquals(new Answer.Acked(2, 0), heard.answers().get(2));
      assertEquals(1, receiver.refused());
    }
  }

  @Test
  void receiver_thatRefusesEveryThird_refusesThose() throws Exception {
    Refusal refusal = new Refusal(3, null, "third", true, null);
    try (Receiver receiver = start(ReceiverOptions.DEFAULTS.withRefusal(refusal))) {
      transport.connect(Destinations.at(receiver.port()), heard).send(Messages.range(1, 9));
      heard.awaitAnswers(9);
      List<Long> refused =
          heard.answers().stream().filter(Answer.Nacked.class::isInstance).map(Answer::id).toList();
      assertEquals(List.of(3L, 6L, 9L), refused);
    }
  }

  @Test
  void receiver_thatClosesAfterTwo_leavesTheRestUnanswered() throws Exception {
    try (Receiver receiver = start(ReceiverOptions.DEFAULTS.withCloseAfter(2))) {
      transport.connect(Destinations.at(receiver.port()), heard).send(Messages.range(1, 5));
      heard.awaitClosed(Fault.LOST);
      assertTrue(heard.answers().size() <= 2, heard::toString);
    }
  }

  @Test
  void receiver_withDelay_answersAfterIt() throws Exception {
    try (Receiver receiver = start(ReceiverOptions.DEFAULTS.withDelay(Duration.ofMillis(150)))) {
      long before = System.nanoTime();
      transport.connect(Destinations.at(receiver.port()), heard).send(Messages.range(1, 3));
      heard.awaitAnswers(3);
      assertTrue(System.nanoTime() - before >= 150_000_000);
    }
  }

  @Test
  void receiver_withLengthFraming_acknowledges() throws Exception {
    try (Receiver receiver = start(ReceiverOptions.DEFAULTS.withFraming(Framing.LENGTH))) {
      transport
          .connect(
              Destinations.at("tcp://127.0.0.1:" + receiver.port(), Framing.LENGTH, Ack.LINE, "{}"),
              heard)
          .send(Messages.range(1, 500));
      heard.awaitAnswers(500);
      assertEquals(500, receiver.received());
    }
  }

  @Test
  void port_afterClose_canBeListenedOnAgain() throws Exception {
    Receiver first = start(ReceiverOptions.DEFAULTS);
    transport.connect(Destinations.at(first.port()), heard).send(Messages.range(1, 1));
    heard.awaitAnswers(1);
    first.close();
    heard.awaitClosed(Fault.NONE);
    try (Receiver second = start(ReceiverOptions.DEFAULTS.withPort(first.port()))) {
      assertEquals(first.port(), second.port());
      Assertions.assertThrows(
          IOException.class, () -> start(ReceiverOptions.DEFAULTS.withPort(second.port())));
    }
  }

  private Receiver start(ReceiverOptions options) throws IOException {
    return Receiver.start(options, LineConsumer.to(printed));
  }
}
