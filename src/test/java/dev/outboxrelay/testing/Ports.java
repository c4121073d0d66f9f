// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for servers that must know theirs beforehand, or come back at the same one.
 *
 * <p>They lie below those that the system gives to whoever connects somewhere. There a port that is
 * free now may be a connection's a moment later. A client that tries the port of a server that is
 * gone may even be given that port as its own, connect to itself, and keep the server from coming
 * back.
 */
public final class Ports {

  private static final int LOWEST = 10_000;
  private static final int HIGHEST = 32_000;

  private Ports() {}

  /** A port of the loopback address that was free a moment ago. */
  public static int free() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException e) {
        // Another server has it.
      }
    }
  }
}
