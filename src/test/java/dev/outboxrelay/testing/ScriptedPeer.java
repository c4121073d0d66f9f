// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A receiver that does what a test says, byte by byte, with blocking calls: each connection runs
 * the script on a thread of its own and is closed at the script's end.
 */
public final class ScriptedPeer implements Closeable {

  /** What the peer does with one connection. */
  public interface Script {
    void play(Conversation conversation) throws IOException;
  }

  private final ServerSocket server;
  private final Script script;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final Thread acceptor;

  public ScriptedPeer(Script script) throws IOException {
    this(InetAddress.getLoopbackAddress(), script);
  }

  public ScriptedPeer(InetAddress address, Script script) throws IOException {
    this.server = new ServerSocket(0, 50, address);
    this.script = script;
    this.acceptor = daemon(this::accept, "scripted-peer");
  }

  /** A peer that speaks TLS; {@code server} comes from the context that holds its certificate. */
  public ScriptedPeer(ServerSocket server, Script script) {
    this.server = server;
    this.script = script;
    this.acceptor = daemon(this::accept, "scripted-peer");
  }

  public int port() {
    return server.getLocalPort();
  }

  /** How many connections were accepted so far. */
  public int accepted() {
    return accepted.get();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        sockets.add(socket);
        accepted.incrementAndGet();
        daemon(() -> play(socket), "scripted-conversation");
      }
    } catch (IOException e) {
      // The server was closed, which is how a test ends.
      return;
    }
  }

  private void play(Socket socket) {
    try (socket) {
      script.play(new Conversation(socket));
    } catch (IOException e) {
      // The relay's side has gone; the test sees that where it matters.
      return;
    }
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** The listener is gone only when nobody is in accept() any more. */
  @Override
  public void close() throws IOException {
    server.close();
    try {
      acceptor.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  /** One connection, from the peer's side. */
  public static final class Conversation {

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    public Conversation(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new BufferedInputStream(socket.getInputStream());
      this.out = socket.getOutputStream();
    }

    public Socket socket() {
      return socket;
    }

    public InputStream in() {
      return in;
    }

    /** The next line without its end, or null when the relay has closed. */
    public @Nullable String line() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int b = in.read(); b >= 0; b = in.read()) {
        if (b == '\n') {
          return line.toString(StandardCharsets.UTF_8);
        }
        line.write(b);
      }
      return null;
    }

    /** Reads lines and throws them away. */
    public void lines(int count) throws IOException {
      for (int each = 0; each < count; each++) {
        if (line() == null) {
          throw new IOException("the relay closed after " + each + " lines of " + count);
        }
      }
    }

    public void say(String text) throws IOException {
      say(text.getBytes(StandardCharsets.UTF_8));
    }

    public void say(byte[] bytes) throws IOException {
      out.write(bytes);
      out.flush();
    }

    /** Waits until the relay has closed. */
    public void untilClosed() throws IOException {
      byte[] sink = new byte[8192];
      while (in.read(sink) >= 0) {
        // Thrown away.
        continue;
      }
    }

    /** Ends the connection with a reset instead of an orderly close. */
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }
}
