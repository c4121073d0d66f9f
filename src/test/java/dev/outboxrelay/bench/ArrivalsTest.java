// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;

final class ArrivalsTest {

  /** Sends lines and waits for as many answers. */
  private static void send(Arrivals arrivals, String... lines) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), arrivals.port());
        BufferedReader answers =
            new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8))) {
      socket.getOutputStream().write((String.join("\n", lines) + "\n").getBytes(UTF_8));
      for (int i = 0; i < lines.length; i++) {
        answers.readLine();
      }
    }
  }

  @Test
  void messages_areCounted() throws Exception {
    try (Arrivals arrivals = Arrivals.listen(line -> {})) {
      send(arrivals, "{\"id\":\"1-0\",\"x\":1}", "{\"id\":\"12-0\"}");
      send(arrivals, "{\"id\":\"2-0\",\"x\":1}");
      assertEquals(3, arrivals.count());
    }
  }

  /** The count alone would be right with another one lost. */
  @Test
  void messageThatComesTwice_failsTheCount() throws Exception {
    String twice = "{\"id\":\"12-0\",\"attempt\":2}";
    try (Arrivals arrivals = Arrivals.listen(line -> {})) {
      send(arrivals, "{\"id\":\"12-0\"}", "{\"id\":\"1-0\"}", twice);
      IllegalStateException refusal = assertThrows(IllegalStateException.class, arrivals::count);
      assertEquals("a message came twice: " + twice, refusal.getMessage());
    }
  }

  @Test
  void lineThatIsNoMessage_failsTheCount() throws Exception {
    for (String line :
        new String[] {
          "{\"name\":\"x\"}", "{\"id\":\"12", "{\"id\":\"99999999999-0\"}", "{\"id\":\"7\"}"
        }) {
      try (Arrivals arrivals = Arrivals.listen(ignored -> {})) {
        send(arrivals, line);
        assertThrows(IllegalStateException.class, arrivals::count, line);
      }
    }
  }
}
