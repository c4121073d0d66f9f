// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.values.Destination.Framing;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections that a relay makes to a {@link RelayCheck}: one thread each reads what comes and
 * queues it; the check, on a thread of its own, takes from the queue and decides what is answered.
 */
final class CheckConnections implements Closeable {

  /** What is read and not looked at yet; a relay that sends more waits. */
  private static final int MAX_QUEUED = 10_000;

  private static final int MAX_MESSAGE_BYTES = 1 << 30;

  private final Framing framing;
  private final ServerSocket server;
  private final BlockingQueue<CheckEvent> events = new ArrayBlockingQueue<>(MAX_QUEUED);
  private final Map<Integer, Socket> sockets = new ConcurrentHashMap<>();

  CheckConnections(String host, int port, Framing framing) throws IOException {
    this.framing = framing;
    this.server = new ServerSocket();
    server.setReuseAddress(true);
    try {
      server.bind(new InetSocketAddress(host, port));
    } catch (IOException e) {
      server.close();
      throw new IOException("cannot listen on " + host + ":" + port + ": " + e.getMessage(), e);
    }
    daemon(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** The next event, or null when there is none in time. */
  @Nullable CheckEvent next(long nanos) throws InterruptedException {
    return events.poll(nanos, TimeUnit.NANOSECONDS);
  }

  /** Says something; the other side may have gone, which its end tells. */
  void say(int connection, String text) {
    Socket socket = sockets.get(connection);
    if (socket == null) {
      return;
    }
    try {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      close(connection, false);
    }
  }

  /** Ends a connection, in order or by a reset. */
  void close(int connection, boolean reset) {
    Socket socket = sockets.remove(connection);
    if (socket == null) {
      return;
    }
    try (socket) {
      if (reset) {
        socket.setSoLinger(true, 0);
      }
    } catch (IOException e) {
      // It is gone, which was the aim.
      return;
    }
  }

  private static void daemon(Runnable work) {
    Thread thread = new Thread(work, "check");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      for (int connection = 1; ; connection++) {
        Socket socket = server.accept();
        socket.setTcpNoDelay(true);
        sockets.put(connection, socket);
        int number = connection;
        daemon(() -> read(number, socket));
      }
    } catch (IOException e) {
      // Closed, which is how a check ends.
      return;
    }
  }

  private void read(int connection, Socket socket) {
    try {
      events.put(new CheckEvent.Ended(connection, messages(connection, socket)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reads to the end; what is wrong with the framing, or nothing. */
  private String messages(int connection, Socket socket) throws InterruptedException {
    try {
      InputStream in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
      if (framing == Framing.RAW) {
        byte[] body = in.readAllBytes();
        if (body.length > 0) {
          arrived(connection, body);
        }
        return "";
      }
      return framing == Framing.NDJSON ? lines(connection, in) : lengths(connection, in);
    } catch (IOException e) {
      // Reset or closed from this side; a relay may also die.
      return "";
    }
  }

  private String lines(int connection, InputStream in) throws IOException, InterruptedException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0; b = in.read()) {
      if (b != '\n') {
        line.write(b);
      } else if (line.size() == 0) {
        return "an empty line";
      } else {
        arrived(connection, line.toByteArray());
        line.reset();
      }
    }
    return line.size() == 0 ? "" : "a connection was closed inside a line";
  }

  private String lengths(int connection, InputStream in) throws IOException, InterruptedException {
    while (true) {
      byte[] header = in.readNBytes(4);
      if (header.length < 4) {
        return header.length == 0 ? "" : "a connection was closed inside a length";
      }
      int length =
          (header[0] & 0xff) << 24
              | (header[1] & 0xff) << 16
              | (header[2] & 0xff) << 8
              | header[3] & 0xff;
      if (length <= 0 || length > MAX_MESSAGE_BYTES) {
        return "a message claims to be " + Integer.toUnsignedString(length) + " bytes long";
      }
      byte[] body = in.readNBytes(length);
      if (body.length < length) {
        return "a connection was closed inside a message";
      }
      arrived(connection, body);
    }
  }

  private void arrived(int connection, byte[] body) throws InterruptedException {
    events.put(new CheckEvent.Arrived(connection, body, System.nanoTime()));
  }

  @Override
  public void close() throws IOException {
    server.close();
    sockets.keySet().forEach(connection -> close(connection, false));
  }
}
