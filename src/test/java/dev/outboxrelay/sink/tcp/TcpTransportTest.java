// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.io.DataInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TcpTransportTest {

  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final RecordedSink heard = new RecordedSink();

  @AfterEach
  void close() {
    transport.close();
  }

  @Test
  void messages_acknowledged_areReportedInTheOrderOfTheAnswers() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.lines(4);
              it.say(
                  "{\"ack\":\"3-0\"}\n{ \"ack\" : \"1-0\" }\r\n\n{\"nack\":\"2-0\",\"reason\":\"no\"");
              it.say(",\"retry\":false}\n{\"nack\":\"4-0\",\"retry_after_ms\":5000}\n");
              it.untilClosed();
            })) {
      Sink sink = transport.connect(Destinations.at(peer.port()), heard);
      heard.awaitConnected();
      sink.send(Messages.range(1, 4));
      heard.awaitAnswers(4);
      assertEquals(
          List.of(
              new Answer.Acked(3, 0),
              new Answer.Acked(1, 0),
              new Answer.Nacked(2, 0, "no", false, null),
              new Answer.Nacked(
                  4, 0, "refused by the receiver, no reason given", true, Duration.ofSeconds(5))),
          heard.answers());
      sink.close("done");
      assertEquals("done", heard.awaitClosed(Fault.NONE));
    }
  }

  @Test
  void ackUpTo_ofALaterSending_acknowledgesEverythingSentBefore() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.lines(4);
              it.say(
                  "{\"ack\":\"7-0\"}\n{\"ack_up_to\":\"2-0\"}\n{\"ack\":\"2-0\"}\n{\"ack_up_to\":\"9-0\"}\n");
              it.untilClosed();
            })) {
      Sink sink = transport.connect(Destinations.at(peer.port()), heard);
      sink.send(
          List.of(Messages.small(5), Messages.small(7), Messages.small(2), Messages.small(9)));
      heard.awaitAnswers(4);
      assertEquals(
          List.of(
              new Answer.Acked(7, 0),
              new Answer.Acked(5, 0),
              new Answer.Acked(2, 0),
              new Answer.Acked(9, 0)),
          heard.answers());
      sink.close("done");
      heard.awaitClosed(Fault.NONE);
      assertEquals(4, heard.answers().size());
    }
  }

  @Test
  void bodies_withLengthFraming_arriveWholeAfterTheirLength() throws Exception {
    BlockingQueue<String> arrived = new LinkedBlockingQueue<>();
    String large = "{\"id\":\"2-0\",\"x\":\"" + "y".repeat(3_000_000) + "\"}";
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              DataInputStream in = new DataInputStream(it.in());
              for (int id = 1; id <= 3; id++) {
                byte[] body = new byte[in.readInt()];
                in.readFully(body);
                arrived.add(new String(body, StandardCharsets.UTF_8));
                it.say("{\"ack\":\"" + id + "-0\"}\n");
              }
              it.untilClosed();
            })) {
      Sink sink =
          transport.connect(
              Destinations.at("tcp://127.0.0.1:" + peer.port(), Framing.LENGTH, Ack.LINE, "{}"),
              heard);
      sink.send(List.of(Messages.small(1), Messages.of(2, large), Messages.small(3)));
      heard.awaitAnswers(3);
      assertEquals("{\"id\":\"1-0\",\"epoch\":1}", arrived.poll(5, TimeUnit.SECONDS));
      assertEquals(large, arrived.poll(5, TimeUnit.SECONDS));
      assertEquals("{\"id\":\"3-0\",\"epoch\":1}", arrived.poll(5, TimeUnit.SECONDS));
    }
  }

  @Test
  void manyMessages_ofEverySize_arriveInOrderAndWhole() throws Exception {
    BlockingQueue<String> wrong = new LinkedBlockingQueue<>();
    int count = 3_000;
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              for (int id = 1; id <= count; id++) {
                String line = String.valueOf(it.line());
                if (!line.equals(sized(id))) {
                  wrong.add(id + " came as " + line.length() + " characters");
                }
                if (id % 100 == 0) {
                  it.say("{\"ack_up_to\":\"" + id + "-0\"}\n");
                }
              }
              it.untilClosed();
            })) {
      Sink sink = transport.connect(Destinations.at(peer.port()), heard);
      for (int id = 1; id <= count; id += 10) {
        int first = id;
        sink.send(
            LongStream.range(first, first + 10)
                .mapToObj(each -> Messages.of(each, sized((int) each)))
                .toList());
      }
      heard.awaitAnswers(count);
      assertTrue(wrong.isEmpty(), wrong::toString);
    }
  }

  private static String sized(int id) {
    int length = id % 500 == 0 ? 700_000 : id * 37 % 900;
    return "{\"id\":\"" + id + "-0\",\"x\":\"" + "z".repeat(length) + "\"}";
  }

  @Test
  void destination_withoutListener_isUnreachable() throws Exception {
    int port = Ports.free();
    transport.connect(Destinations.at(port), heard);
    assertEquals(
        "tcp://127.0.0.1:" + port + ": Connection refused", heard.awaitClosed(Fault.UNREACHABLE));
    assertFalse(heard.isConnected());
  }

  @Test
  void destination_withUnknownHost_isUnreachable() {
    transport.connect(
        Destinations.at("tcp://no-such-host.invalid:1", Framing.NDJSON, Ack.LINE, "{}"), heard);
    assertEquals(
        "tcp://no-such-host.invalid:1: the host name is not known",
        heard.awaitClosed(Fault.UNREACHABLE));
  }

  @Test
  void destination_withNonsenseUri_isUnreachable() {
    transport.connect(Destinations.at("tcp://x:99999", Framing.NDJSON, Ack.LINE, "{}"), heard);
    assertEquals(
        "uri is 'tcp://x:99999', need a port from 1 to 65535",
        heard.awaitClosed(Fault.UNREACHABLE));
  }

  @Test
  void peer_thatClosesWithMessagesUnanswered_loses() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.lines(2);
              it.say("{\"ack\":\"1-0\"}\n");
            })) {
      Sink sink = transport.connect(Destinations.at(peer.port()), heard);
      sink.send(Messages.range(1, 2));
      assertEquals(
          "the receiver closed the connection, unanswered: 1", heard.awaitClosed(Fault.LOST));
      assertEquals(List.of(new Answer.Acked(1, 0)), heard.answers());
      sink.send(Messages.range(3, 4));
      sink.close("again");
    }
  }

  @Test
  void peer_thatResets_losesTheConnection() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.lines(1);
              it.reset();
            })) {
      Sink sink = transport.connect(Destinations.at(peer.port()), heard);
      sink.send(Messages.range(1, 2));
      String reason = heard.awaitClosed(Fault.LOST);
      assertTrue(reason.contains("unanswered: 2"), reason);
    }
  }

  @Test
  void peer_thatClosesWhenNothingIsOwed_isNoFault() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.lines(1);
              it.say("{\"ack\":\"1-0\"}\n");
            })) {
      Sink sink = transport.connect(Destinations.at(peer.port()), heard);
      sink.send(Messages.range(1, 1));
      assertEquals("the receiver closed the connection", heard.awaitClosed(Fault.NONE));
      assertEquals(1, heard.answers().size());
    }
  }

  @Test
  void answers_inOneRead_areReportedInOneCall() throws Exception {
    int count = 1_000;
    StringBuilder answers = new StringBuilder();
    for (int id = 1; id <= count; id++) {
      answers.append("{\"ack\":\"").append(id).append("-0\"}\n");
    }
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.lines(count);
              it.say(answers.toString());
              it.untilClosed();
            })) {
      Sink sink = transport.connect(Destinations.at(peer.port()), heard);
      sink.send(Messages.range(1, count));
      heard.awaitAnswers(count);
      assertTrue(heard.calls() < 50, () -> heard.calls() + " calls");
    }
  }

  @Test
  void transport_closed_endsEveryConnectionAndRefusesNewOnes() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ScriptedPeer.Conversation::untilClosed)) {
      transport.connect(Destinations.at(peer.port()), heard);
      heard.awaitConnected();
      transport.close();
      assertEquals("the relay is stopping", heard.awaitClosed(Fault.NONE));
      RecordedSink late = new RecordedSink();
      transport.connect(Destinations.at(peer.port()), late);
      late.awaitClosed(Fault.UNREACHABLE);
    }
  }
}
