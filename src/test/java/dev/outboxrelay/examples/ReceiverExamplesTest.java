// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ReceiverExamplesTest {

  private static final int COUNT = 50;

  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final RecordedSink heard = new RecordedSink();

  @AfterEach
  void close() {
    transport.close();
  }

  @ParameterizedTest
  @EnumSource
  void exampleThatAcknowledges_getsEveryLineAndAnswers(ExampleServer server) throws Exception {
    assumeTrue(server.isInstalled(), server + " is not installed here");
    int port = Ports.free();
    try (ExampleServer.Running running = server.start("ack", port)) {
      var sink = transport.connect(Destinations.at(port), heard);
      List<Message> messages = Messages.range(1, COUNT);
      sink.send(messages);
      heard.awaitAnswers(COUNT);
      for (Message message : messages) {
        assertEquals(text(message), running.line());
      }
      sink.close("done");
      heard.awaitClosed(Fault.NONE);
    }
  }

  @ParameterizedTest(name = "{0}, ack {1}, framing {2}")
  @MethodSource("silentServers")
  void exampleThatNeverAnswers_getsEveryMessage(ExampleServer server, Ack ack, Framing framing)
      throws Exception {
    assumeTrue(server.isInstalled(), server + " is not installed here");
    int port = Ports.free();
    try (ExampleServer.Running running = server.start("plain", port)) {
      var sink =
          transport.connect(Destinations.at("tcp://127.0.0.1:" + port, framing, ack, "{}"), heard);
      // 'raw' adds nothing, so the line break that tells the messages apart here is part of them.
      String end = framing == Framing.RAW ? "\n" : "";
      Set<String> expected = new TreeSet<>();
      List<Message> messages = new ArrayList<>();
      for (int id = 1; id <= COUNT; id++) {
        expected.add("{\"n\":" + id + "}");
        messages.add(Messages.of(id, "{\"n\":" + id + "}" + end));
      }
      sink.send(messages.subList(0, COUNT / 2));
      sink.send(messages.subList(COUNT / 2, COUNT));
      heard.awaitAnswers(COUNT);
      Set<String> arrived = new TreeSet<>();
      for (int each = 0; each < COUNT; each++) {
        arrived.add(running.line());
      }
      assertEquals(expected, arrived);
      sink.close("done");
      heard.awaitClosed(Fault.NONE);
    }
  }

  static Stream<Arguments> silentServers() {
    List<Arguments> all = new ArrayList<>();
    for (ExampleServer server : ExampleServer.values()) {
      for (Ack ack : List.of(Ack.CLOSE, Ack.NONE)) {
        for (Framing framing : List.of(Framing.NDJSON, Framing.RAW)) {
          all.add(Arguments.of(server, ack, framing));
        }
      }
    }
    return all.stream();
  }

  private static String text(Message message) {
    return new String(message.body(), StandardCharsets.UTF_8);
  }
}
