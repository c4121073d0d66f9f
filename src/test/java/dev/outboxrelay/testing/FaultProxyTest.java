// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The doubles themselves: a fault that is not made would let every test that relies on it pass. */
@Timeout(30)
final class FaultProxyTest {

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final int SILENCE_MILLIS = 200;

  @Test
  void receiver_acknowledging_answersTheIdOfTheLine() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start();
        Client client = new Client(receiver.port())) {
      client.send("{\"id\":\"7\",\"op\":\"insert\"}\n");
      assertEquals("{\"ack\":\"7\"}", client.readLine());
      assertEquals("7", receiver.awaitLines(1, SOON).get(0).id());
    }
  }

  @Test
  void receiver_cuttingInsideAnswer_sendsHalfALineAndEnds() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start(line -> Reply.cutInsideAnswer());
        Client client = new Client(receiver.port())) {
      client.send("{\"id\":\"7\"}\n");
      assertEquals("{\"ack\"", client.readLine());
    }
  }

  @Test
  void receiver_crashed_refusesUntilItListensAgainOnTheSamePort() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start(line -> Reply.crash());
        Client client = new Client(receiver.port())) {
      client.send("{\"id\":\"7\"}\n");
      assertThrows(IOException.class, client::readLine);
      assertThrows(ConnectException.class, () -> new Client(receiver.port()));
      receiver.script(line -> Reply.ack());
      receiver.listen();
      try (Client again = new Client(receiver.port())) {
        again.send("{\"id\":\"8\"}\n");
        assertEquals("{\"ack\":\"8\"}", again.readLine());
      }
    }
  }

  @Test
  void receiver_notReading_makesThePeersWritesStandStill() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start();
        Client client = new Client(receiver.port())) {
      receiver.stallReading();
      client.send("{\"id\":\"7\"}\n");
      assertTrue(client.hearsNothing());
      receiver.resumeReading();
      assertEquals("{\"ack\":\"7\"}", client.readLine());
    }
  }

  @Test
  void proxy_forwarding_passesBothWays() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start();
        FaultProxy proxy = FaultProxy.to(receiver.port());
        Client client = new Client(proxy.port())) {
      client.send("{\"id\":\"1\"}\n{\"id\":\"2\"}\n");
      assertEquals("{\"ack\":\"1\"}", client.readLine());
      assertEquals("{\"ack\":\"2\"}", client.readLine());
    }
  }

  @Test
  void proxy_stalled_passesNothingUntilResumed() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start();
        FaultProxy proxy = FaultProxy.to(receiver.port());
        Client client = new Client(proxy.port())) {
      proxy.stall();
      client.send("{\"id\":\"1\"}\n");
      assertTrue(client.hearsNothing());
      assertEquals(0, receiver.count());
      proxy.resume();
      assertEquals("{\"ack\":\"1\"}", client.readLine());
    }
  }

  @Test
  void proxy_cut_resetsTheClientAndServesTheNext() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start();
        FaultProxy proxy = FaultProxy.to(receiver.port());
        Client client = new Client(proxy.port())) {
      client.send("{\"id\":\"1\"}\n");
      client.readLine();
      proxy.cut();
      assertThrows(IOException.class, client::readLine);
      try (Client next = new Client(proxy.port())) {
        next.send("{\"id\":\"2\"}\n");
        assertEquals("{\"ack\":\"2\"}", next.readLine());
      }
    }
  }

  @Test
  void proxy_cutAfterBytes_deliversHalfALine() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start();
        FaultProxy proxy = FaultProxy.to(receiver.port());
        Client client = new Client(proxy.port())) {
      proxy.cutAfterBytes(15);
      client.send("{\"id\":\"1\"}\n{\"id\":\"2\"}\n");
      assertThrows(IOException.class, () -> client.readLines(3));
      assertTrue(receiver.count() <= 1, "the second line was cut");
    }
  }

  @Test
  void proxy_halfOpen_leavesTheClientWithoutWordOfIt() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start();
        FaultProxy proxy = FaultProxy.to(receiver.port());
        Client client = new Client(proxy.port())) {
      client.send("{\"id\":\"1\"}\n");
      client.readLine();
      proxy.halfOpen(FaultProxy.Side.CLIENT);
      client.send("{\"id\":\"2\"}\n");
      assertTrue(client.hearsNothing());
      assertFalse(client.socket.isClosed());
      assertEquals(1, receiver.count());
    }
  }

  @Test
  void proxy_clientClosing_passesTheEndOnWithoutLosingLines() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start();
        FaultProxy proxy = FaultProxy.to(receiver.port())) {
      try (Client client = new Client(proxy.port())) {
        client.send("{\"id\":\"1\"}\n".repeat(1_000));
        client.socket.shutdownOutput();
        client.readLines(1_000);
      }
      assertEquals(1_000, receiver.awaitLines(1_000, SOON).size());
    }
  }

  private static final class Client implements AutoCloseable {
    private final Socket socket;

    Client(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
    }

    void send(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A line, or what came of it before the end. */
    String readLine() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int next = read(); next >= 0 && next != '\n'; next = read()) {
        line.append((char) next);
      }
      return line.toString();
    }

    void readLines(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        readLine();
      }
    }

    boolean hearsNothing() throws IOException {
      socket.setSoTimeout(SILENCE_MILLIS);
      try {
        socket.getInputStream().read();
        return false;
      } catch (SocketTimeoutException e) {
        return true;
      } finally {
        socket.setSoTimeout(0);
      }
    }

    private int read() throws IOException {
      return socket.getInputStream().read();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
