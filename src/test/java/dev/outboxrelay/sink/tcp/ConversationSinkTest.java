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
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConversationSinkTest {

  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final RecordedSink heard = new RecordedSink();
  private final BlockingQueue<String> arrived = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    transport.close();
  }

  @Test
  void batch_isAcknowledgedByTheClose_andTheNextHasAConnectionOfItsOwn() throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              arrived.add(new String(it.in().readAllBytes(), StandardCharsets.UTF_8));
              it.say("whatever is said here counts for nothing\n");
              await(first);
            })) {
      Sink sink = connect(peer, Framing.NDJSON, Ack.CLOSE);
      heard.awaitConnected();
      sink.send(Messages.range(1, 2));
      assertEquals("{\"id\":\"1-0\",\"epoch\":1}\n{\"id\":\"2-0\",\"epoch\":1}\n", next());
      sink.send(Messages.range(3, 3));
      sink.send(Messages.range(4, 4));
      assertEquals(List.of(), heard.answers());
      first.countDown();
      heard.awaitAnswers(4);
      assertEquals("{\"id\":\"3-0\",\"epoch\":1}\n{\"id\":\"4-0\",\"epoch\":1}\n", next());
      assertEquals(2, peer.accepted());
      assertEquals(List.of(1L, 2L, 3L, 4L), heard.answers().stream().map(Answer::id).toList());
    }
  }

  @Test
  void batch_thatIsReset_isNotAcknowledged() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.in().readAllBytes();
              it.reset();
            })) {
      connect(peer, Framing.NDJSON, Ack.CLOSE).send(Messages.range(1, 2));
      String reason = heard.awaitClosed(Fault.LOST);
      assertTrue(reason.contains("unanswered: 2"), reason);
      assertEquals(List.of(), heard.answers());
    }
  }

  @Test
  void batch_whoseReceiverClosesBeforeItHadAll_isNotAcknowledged() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.line();
              it.socket().shutdownOutput();
              // Reads no more, so that the relay cannot have handed over everything.
              it.in().readNBytes(100);
            })) {
      connect(peer, Framing.NDJSON, Ack.CLOSE)
          .send(List.of(Messages.small(1), Messages.of(2, "x".repeat(20_000_000))));
      heard.awaitClosed(Fault.LOST);
      assertEquals(List.of(), heard.answers());
    }
  }

  @Test
  void raw_withClose_sendsOneMessageAConnection_inOrder() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> arrived.add(new String(it.in().readAllBytes(), StandardCharsets.UTF_8)))) {
      connect(peer, Framing.RAW, Ack.CLOSE).send(Messages.range(1, 20));
      heard.awaitAnswers(20);
      for (int id = 1; id <= 20; id++) {
        assertEquals("{\"id\":\"" + id + "-0\",\"epoch\":1}", next());
      }
      assertEquals(20, peer.accepted());
    }
  }

  @Test
  void raw_withNone_isDeliveredWithoutTheReceiversClose() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.say("220 hello\r\n");
              arrived.add(new String(it.in().readAllBytes(), StandardCharsets.UTF_8));
              it.say("goodbye\r\n");
              await(new CountDownLatch(1));
            })) {
      connect(peer, Framing.RAW, Ack.NONE).send(Messages.range(1, 5));
      heard.awaitAnswers(5);
      for (int id = 1; id <= 5; id++) {
        next();
      }
      assertEquals(5, peer.accepted());
    }
  }

  @Test
  void receiver_thatGoesBetweenBatches_isUnreachable() throws Exception {
    ScriptedPeer peer = new ScriptedPeer(it -> it.in().readAllBytes());
    Sink sink = connect(peer, Framing.NDJSON, Ack.CLOSE);
    sink.send(Messages.range(1, 1));
    heard.awaitAnswers(1);
    peer.close();
    sink.send(Messages.range(2, 2));
    heard.awaitClosed(Fault.UNREACHABLE);
    assertEquals(List.of(new Answer.Acked(1, 0)), heard.answers());
  }

  @Test
  void unusedConnection_thatTheReceiverCloses_isNoFault() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(it -> it.socket().shutdownOutput())) {
      connect(peer, Framing.NDJSON, Ack.CLOSE);
      heard.awaitClosed(Fault.NONE);
    }
  }

  @Test
  void ndjson_withNone_isDeliveredOnceTheKernelHasIt() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.lines(2_000);
              arrived.add("all");
              it.untilClosed();
            })) {
      Sink sink = connect(peer, Framing.NDJSON, Ack.NONE);
      sink.send(Messages.range(1, 2_000));
      heard.awaitAnswers(2_000);
      assertEquals("all", next());
      assertEquals(1, peer.accepted());
    }
  }

  @Test
  void rawAcknowledgedByLines_isRefused() {
    transport.connect(Destinations.at("tcp://127.0.0.1:1", Framing.RAW, Ack.LINE, "{}"), heard);
    assertEquals(
        "framing 'raw' ends with the connection, so it needs ack 'close' or 'none', not 'line'",
        heard.awaitClosed(Fault.UNREACHABLE));
  }

  private Sink connect(ScriptedPeer peer, Framing framing, Ack ack) {
    Destination destination = Destinations.at("tcp://127.0.0.1:" + peer.port(), framing, ack, "{}");
    return transport.connect(destination, heard);
  }

  private String next() throws InterruptedException {
    String text = arrived.poll(20, TimeUnit.SECONDS);
    assertTrue(text != null, "nothing arrived");
    return String.valueOf(text);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
