// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An Error in what belongs to one connection: that connection ends, and its owner hears why. */
class SinkErrorTest {

  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final RecordedSink heard = new RecordedSink();

  @AfterEach
  void close() {
    transport.close();
  }

  private static ScriptedPeer acknowledging() throws Exception {
    return new ScriptedPeer(
        it -> {
          it.lines(1);
          it.say("{\"ack\":\"1-0\"}\n");
          it.untilClosed();
        });
  }

  /** What cannot be written at all, whatever it is. */
  @SuppressWarnings("NullAway")
  private static Message withoutBody() {
    return new Message(7, 0, 1, "test", null, false, false, false, 0, null, 0, false, null);
  }

  @ParameterizedTest
  @CsvSource({"NDJSON, LINE", "LENGTH, NONE", "NDJSON, CLOSE", "RAW, CLOSE", "RAW, NONE"})
  void writing_failing_endsTheConnection(Framing framing, Ack ack) throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ScriptedPeer.Conversation::untilClosed)) {
      Sink sink =
          transport.connect(
              Destinations.at("tcp://127.0.0.1:" + peer.port(), framing, ack, "{}"), heard);
      heard.awaitConnected();
      sink.send(List.of(withoutBody()));
      String reason = heard.awaitClosed(Fault.DEFECT);
      assertTrue(reason.contains("NullPointerException"), reason);
    }
  }

  /** A listener that throws where a test says. */
  private final class Throwing implements SinkListener {
    private final boolean whenConnected;
    private final boolean whenAnswered;

    Throwing(boolean whenConnected, boolean whenAnswered) {
      this.whenConnected = whenConnected;
      this.whenAnswered = whenAnswered;
    }

    @Override
    public void connected() {
      heard.connected();
      if (whenConnected) {
        throw new NoClassDefFoundError("connected");
      }
    }

    @Override
    public void answered(List<Answer> answers) {
      heard.answered(answers);
      if (whenAnswered) {
        throw new StackOverflowError("answered");
      }
    }

    @Override
    public void closed(String reason, Fault fault) {
      heard.closed(reason, fault);
      throw new AssertionError("closed");
    }
  }

  @ParameterizedTest
  @CsvSource({"NDJSON, LINE", "NDJSON, NONE", "NDJSON, CLOSE", "RAW, NONE"})
  void listener_failingWhenConnected_endsTheConnection(Framing framing, Ack ack) throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ScriptedPeer.Conversation::untilClosed)) {
      transport.connect(
          Destinations.at("tcp://127.0.0.1:" + peer.port(), framing, ack, "{}"),
          new Throwing(true, false));
      String reason = heard.awaitClosed(Fault.DEFECT);
      assertTrue(reason.contains("NoClassDefFoundError: connected"), reason);
    }
  }

  @Test
  void listener_failingAtAnAnswer_endsTheConnection() throws Exception {
    try (ScriptedPeer peer = acknowledging()) {
      Sink sink = transport.connect(Destinations.at(peer.port()), new Throwing(false, true));
      sink.send(Messages.range(1, 1));
      String reason = heard.awaitClosed(Fault.DEFECT);
      assertTrue(reason.contains("StackOverflowError: answered"), reason);
    }
  }

  @Test
  void listener_failingAtADelivery_endsTheConnection() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ScriptedPeer.Conversation::untilClosed)) {
      Sink sink =
          transport.connect(
              Destinations.at("tcp://127.0.0.1:" + peer.port(), Framing.NDJSON, Ack.NONE, "{}"),
              new Throwing(false, true));
      sink.send(Messages.range(1, 1));
      String reason = heard.awaitClosed(Fault.DEFECT);
      assertTrue(reason.contains("StackOverflowError: answered"), reason);
    }
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1", "localhost"})
  void dialling_failing_isADestinationThatCannotBeReached(String host) {
    try (TcpTransport faulty =
        new TcpTransport(
            1,
            (name, address) -> {
              throw new NoClassDefFoundError("policy");
            })) {
      faulty.connect(
          Destinations.at("tcp://" + host + ":9", Framing.NDJSON, Ack.LINE, "{}"), heard);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("NoClassDefFoundError: policy"), reason);
    }
  }

  /** Whoever takes the connection fails at it: it is closed, and he hears of it. */
  @Test
  void connection_thatCannotBeTaken_isClosed() throws Exception {
    CompletableFuture<Channel> made = new CompletableFuture<>();
    CompletableFuture<String> failed = new CompletableFuture<>();
    DialOutcome outcome =
        new DialOutcome() {
          @Override
          public void stood(Channel channel, long roundTripNanos) {
            made.complete(channel);
            throw new NoClassDefFoundError("taking");
          }

          @Override
          public void failed(String reason) {
            failed.complete(reason);
          }
        };
    try (ScriptedPeer peer = new ScriptedPeer(ScriptedPeer.Conversation::untilClosed)) {
      EventLoop loop = transport.loops().next();
      Route route =
          new Route(
              new Endpoint("tcp", "127.0.0.1", peer.port()),
              TlsOptions.NONE,
              Duration.ofSeconds(5),
              false);
      List<InetAddress> addresses = List.of(InetAddress.getLoopbackAddress());
      loop.execute(new DialAttempt(route, null, addresses, loop, outcome)::next);
      String reason = failed.get(20, TimeUnit.SECONDS);
      assertTrue(reason.contains("NoClassDefFoundError: taking"), reason);
      assertTrue(made.get().closeFuture().await(20, TimeUnit.SECONDS), "left open");
    }
  }

  @Test
  void loop_ended_isToldToEveryConnection() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ScriptedPeer.Conversation::untilClosed)) {
      transport.connect(Destinations.at(peer.port()), heard);
      heard.awaitConnected();
      EventLoop loop = transport.loops().next();
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      heard.awaitEnd();
      assertTrue(loop.terminationFuture().await(20, TimeUnit.SECONDS));
      RecordedSink later = new RecordedSink();
      transport.connect(Destinations.at(peer.port()), later);
      later.awaitEnd();
      assertTrue(later.toString().contains("the relay must be restarted"), later.toString());
    }
  }
}
