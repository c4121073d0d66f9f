package dev.outboxrelay.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.Program;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.values.Message;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
    int port = Program.freePort();
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

  private static String text(Message message) {
    return new String(message.body(), StandardCharsets.UTF_8);
  }
}
