// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.ScriptedPeer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostileReceiverTest {

  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final RecordedSink heard = new RecordedSink();

  @AfterEach
  void close() {
    transport.close();
  }

  @Test
  void answerOfAGigabyte_isCutOffAtTheLimit() throws Exception {
    AtomicLong said = new AtomicLong();
    byte[] chunk = new byte[64 * 1024];
    Arrays.fill(chunk, (byte) 'x');
    assertProtocolError(
        it -> {
          it.lines(1);
          it.say("{\"nack\":\"1-0\",\"reason\":\"");
          for (int each = 0; each < 16 * 1024; each++) {
            it.say(chunk);
            said.addAndGet(chunk.length);
          }
        },
        "an answer is longer than 65536 bytes");
    assertTrue(said.get() < 100_000_000, () -> said + " bytes were taken");
  }

  @Test
  void answersWithoutEnd_repeated_areOneDelivery() throws Exception {
    byte[] flood = "{\"ack\":\"1-0\"}\n".repeat(5_000).getBytes(StandardCharsets.UTF_8);
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.lines(2);
              for (int each = 0; each < 200; each++) {
                it.say(flood);
              }
              it.say("{\"ack\":\"2-0\"}\n");
              it.untilClosed();
            })) {
      transport.connect(Destinations.at(peer.port()), heard).send(Messages.range(1, 2));
      heard.awaitAnswers(2);
      assertEquals(List.of(new Answer.Acked(1, 0), new Answer.Acked(2, 0)), heard.answers());
    }
  }

  @Test
  void megabytesOfRefusals_forUnknownMessages_endTheConnection() throws Exception {
    byte[] flood =
        "{\"nack\":\"999-0\",\"reason\":\"%s\"}\n"
            .formatted("y".repeat(900))
            .repeat(1_000)
            .getBytes(StandardCharsets.UTF_8);
    assertProtocolError(
        it -> {
          it.lines(1);
          for (int each = 0; each < 20; each++) {
            it.say(flood);
          }
        },
        "an answer is for message 999-0, which was not sent on this connection");
  }

  @Test
  void acknowledgementBeforeTheMessage_isRefused() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.say("{\"ack\":\"1-0\"}\n");
              it.untilClosed();
            })) {
      transport.connect(Destinations.at(peer.port()), heard);
      String reason = heard.awaitClosed(Fault.PROTOCOL);
      assertTrue(reason.contains("message 1-0, which was not sent"), reason);
      assertEquals(List.of(), heard.answers());
    }
  }

  @Test
  void acknowledgementOfAnotherConnectionsMessage_isRefused() throws Exception {
    RecordedSink other = new RecordedSink();
    try (ScriptedPeer honest =
            new ScriptedPeer(
                it -> {
                  it.lines(1);
                  it.untilClosed();
                });
        ScriptedPeer liar =
            new ScriptedPeer(
                it -> {
                  it.lines(1);
                  it.say("{\"ack\":\"1-0\"}\n");
                  it.untilClosed();
                })) {
      transport.connect(Destinations.at(honest.port()), other).send(Messages.range(1, 1));
      transport.connect(Destinations.at(liar.port()), heard).send(Messages.range(2, 2));
      heard.awaitClosed(Fault.PROTOCOL);
      assertEquals(List.of(), heard.answers());
      assertEquals(List.of(), other.answers());
    }
  }

  @Test
  void acknowledgementsBeforeNonsense_stillCount() throws Exception {
    assertProtocolError(
        it -> {
          it.lines(1);
          it.say("{\"ack\":\"1-0\"}\n\u0000\u0001\u0002\n");
          it.untilClosed();
        },
        "is not JSON");
    assertEquals(List.of(new Answer.Acked(1, 0)), heard.answers());
  }

  @Test
  void answerWithoutLineBreak_isNoAnswer() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.lines(1);
              it.say("{\"ack\":\"1-0\"}");
            })) {
      transport.connect(Destinations.at(peer.port()), heard).send(Messages.range(1, 1));
      assertEquals(
          "the receiver closed the connection in the middle of an answer, unanswered: 1",
          heard.awaitClosed(Fault.LOST));
      assertEquals(List.of(), heard.answers());
    }
  }

  @Test
  void receiverThatNeverReads_costsNoMemoryBeyondTheBodies() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              while (!heard.isClosed()) {
                Thread.onSpinWait();
              }
            })) {
      Sink sink = transport.connect(Destinations.at(peer.port()), heard);
      heard.awaitConnected();
      String body = "z".repeat(1_000_000);
      for (int id = 1; id <= 50; id++) {
        sink.send(List.of(Messages.of(id, body)));
      }
      sink.close("enough");
      heard.awaitClosed(Fault.NONE);
      assertEquals(List.of(), heard.answers());
    }
  }

  @Test
  void webServer_thatAnswersInHttp_isNamed() throws Exception {
    assertProtocolError(
        it -> {
          it.lines(1);
          it.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
          it.untilClosed();
        },
        "HTTP/1.1 400 Bad Request");
  }

  private void assertProtocolError(ScriptedPeer.Script script, String words) throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(script)) {
      transport.connect(Destinations.at(peer.port()), heard).send(Messages.range(1, 1));
      String reason = heard.awaitClosed(Fault.PROTOCOL);
      assertTrue(reason.contains(words), reason);
    }
  }
}
