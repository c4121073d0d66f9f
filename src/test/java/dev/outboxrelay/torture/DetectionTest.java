// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Far ends that are gone without saying so are found out in bounded time. */
@Tag("alone")
@Timeout(120)
final class DetectionTest {
  private static final String[] SETTINGS = {
    "ack_timeout = '1 s'",
    "connect_timeout = '1 s'",
    "retry_initial = '200 ms'",
    "retry_max = '300 ms'",
    "max_attempts = 1000"
  };

  /** The ack timeout, the reconnection, and a machine that runs other things at the same time. */
  private static final Duration FOUND_WITHIN = Duration.ofSeconds(8);

  private static Stage stage;

  @BeforeAll
  static void start() throws Exception {
    stage = Stage.open();
    stage.relay("one");
    stage.relay("two");
  }

  @AfterAll
  static void stop() throws Exception {
    stage.close();
  }

  @Test
  void connection_halfOpen_isGivenUpAfterTheAckTimeoutAndMadeAnew() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start();
        FaultProxy proxy = FaultProxy.to(receiver.port())) {
      stage.destination("halfopen", proxy.uri(), SETTINGS);
      stage.publish("halfopen", 1, 1, "null");
      receiver.awaitLines(1, Stage.SOON);
      proxy.halfOpen(FaultProxy.Side.CLIENT);
      long from = System.nanoTime();
      stage.publish("halfopen", 2, 2, "null");
      receiver.awaitLines(2, Stage.SOON);
      assertWithin(FOUND_WITHIN, from);
      stage.awaitNothingOwed("halfopen", Stage.SOON);
    }
  }

  @Test
  void peer_thatStopsReading_isGivenUpAfterTheAckTimeoutAndServedWhenItReadsAgain()
      throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("stalls", receiver.uri(), SETTINGS);
      stage.publish("stalls", 1, 1, "null");
      receiver.awaitLines(1, Stage.SOON);
      receiver.stallReading();
      long from = System.nanoTime();
      stage.publish("stalls", 2, 5_000, "null");
      stage.await(
          "select coalesce(last_error like '%ack_timeout%', false) from outbox.status where"
              + " destination = 'stalls'",
          "t", Stage.SOON);
      assertWithin(FOUND_WITHIN, from);
      receiver.resumeReading();
      stage.awaitNothingOwed("stalls", Stage.SOON);
    }
  }

  @Test
  void peer_thatDoesNotAcceptConnections_isDownAfterTheConnectTimeoutAndBurnsNoAttempts()
      throws Exception {
    try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      List<Socket> filling = fillBacklog(deaf.getLocalPort());
      long from = System.nanoTime();
      stage.destination("deaf", "tcp://127.0.0.1:" + deaf.getLocalPort(), SETTINGS);
      stage.publish("deaf", 1, 3, "'k'");
      stage.await(
          "select down_since is not null and last_error is not null from outbox.status where"
              + " destination = 'deaf'",
          "t",
          Stage.SOON);
      assertWithin(FOUND_WITHIN, from);
      assertEquals(
          3,
          stage.database.count(
              "select count(*) from outbox.message where destination = 'deaf' and state = 'pending'"
                  + " and attempts = 0"));
      stage.database.execute("select outbox.pause('deaf')");
      for (Socket socket : filling) {
        socket.close();
      }
    }
  }

  @Test
  void destination_thatComesBack_isServedWithTheNextProbe() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("back", receiver.uri(), SETTINGS);
      stage.publish("back", 1, 1, "'k'");
      receiver.awaitLines(1, Stage.SOON);
      receiver.crash();
      stage.publish("back", 2, 50, "'k'");
      stage.await(
          "select down_since is not null from outbox.status where destination = 'back'",
          "t",
          Stage.SOON);
      receiver.listen();
      int before = receiver.accepted();
      Stage.await(() -> receiver.accepted() > before, Duration.ofSeconds(15), "a probe");
      long from = System.nanoTime();
      receiver.awaitLines(50, Stage.SOON);
      assertWithin(Duration.ofSeconds(4), from);
      stage.awaitNothingOwed("back", Stage.SOON);
      assertEquals(50, receiver.lines().stream().map(Line::id).distinct().count());
    }
  }

  /** Two relays live; only the owner tries, at the destination's pace. */
  @Test
  void retries_withSeveralRelays_keepTheCadenceOfOne() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start(line -> Reply.nack("never"))) {
      stage.destination("cadence", receiver.uri(), SETTINGS);
      stage.publish("cadence", 1, 1, "'k'");
      List<Line> lines = receiver.awaitLines(12, Stage.SOON);
      for (int i = 2; i < lines.size(); i++) {
        long gap = lines.get(i).nanos() - lines.get(i - 1).nanos();
        assertTrue(
            gap >= TimeUnit.MILLISECONDS.toNanos(90),
            "tried again after " + TimeUnit.NANOSECONDS.toMillis(gap) + " ms");
      }
      stage.database.execute("select outbox.pause('cadence')");
    }
  }

  private static List<Socket> fillBacklog(int port) throws IOException {
    List<Socket> filling = new ArrayList<>();
    while (filling.size() < 64) {
      Socket socket = new Socket();
      try {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 300);
        filling.add(socket);
      } catch (SocketTimeoutException e) {
        socket.close();
        return filling;
      }
    }
    return filling;
  }

  private static void assertWithin(Duration limit, long fromNanos) {
    long took = System.nanoTime() - fromNanos;
    assertTrue(took < limit.toNanos(), "took " + TimeUnit.NANOSECONDS.toMillis(took) + " ms");
  }
}
