// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** A listening socket on loopback that can be closed, and opened again on the same port. */
final class LoopbackListener {
  /** Gets each connection, on the accepting thread: it must not take long. */
  interface Taker {
    void take(Socket connection) throws IOException;
  }

  private final ThreadFactory threads;
  private final int backlog;
  private final int receiveBufferBytes;
  private final Taker taker;
  private int port;
  private @Nullable ServerSocket server;
  private Thread acceptor = Thread.currentThread();

  /**
   * @param port 0 for any that is free
   * @param backlog connections that wait to be accepted
   * @param receiveBufferBytes of each connection, 0 for the system's
   */
  LoopbackListener(String name, int port, int backlog, int receiveBufferBytes, Taker taker) {
    this.threads = Threads.daemons(name);
    this.port = port;
    this.backlog = backlog;
    this.receiveBufferBytes = receiveBufferBytes;
    this.taker = taker;
  }

  synchronized int port() {
    return port;
  }

  /** Listens, unless it does. */
  synchronized void open() {
    if (server != null) {
      return;
    }
    try {
      ServerSocket socket = new ServerSocket();
      socket.setReuseAddress(true);
      if (receiveBufferBytes > 0) {
        socket.setReceiveBufferSize(receiveBufferBytes);
      }
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), backlog);
      server = socket;
      port = socket.getLocalPort();
      acceptor = threads.newThread(() -> acceptOn(socket));
      acceptor.start();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen on port " + port, e);
    }
  }

  /** New connections are refused when this returns, and every earlier one has been taken. */
  void close() {
    Thread leaving;
    synchronized (this) {
      if (server == null) {
        return;
      }
      try {
        server.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      server = null;
      leaving = acceptor;
    }
    try {
      leaving.join(); // until it has left accept(), the kernel takes connections for it
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void acceptOn(ServerSocket socket) {
    while (!socket.isClosed()) {
      try {
        taker.take(socket.accept());
      } catch (IOException e) {
        // The listener was closed, or the peer was gone before it was accepted: look again.
      }
    }
  }
}
