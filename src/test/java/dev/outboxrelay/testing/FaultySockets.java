// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sockets of the database driver that throw, when told to, whatever a test wants, on a thread that
 * the test names: an Error comes up where it would in earnest, deep inside a statement. The driver
 * makes it by its name, as {@link #url} says.
 */
public final class FaultySockets extends SocketFactory {
  /** What the relay's threads for statements have written; nearly all is one write a statement. */
  private static final AtomicInteger STATEMENTS = new AtomicInteger();

  private record Fault(String thread, Supplier<Throwable> problem) {}

  private static final AtomicReference<@Nullable Fault> ARMED = new AtomicReference<>();

  /** A JDBC URL whose connections are made of these sockets. */
  public static String url(String url) {
    return url + "?socketFactory=" + FaultySockets.class.getName();
  }

  /**
   * The next read or write on a thread throws, once.
   *
   * @param thread the thread's name begins with it
   * @param problem an Error or a RuntimeException
   */
  public static void arm(String thread, Supplier<Throwable> problem) {
    ARMED.set(new Fault(thread, problem));
  }

  public static boolean isArmed() {
    return ARMED.get() != null;
  }

  public static int statements() {
    return STATEMENTS.get();
  }

  public static void disarm() {
    ARMED.set(null);
  }

  private static void perhaps() {
    Fault fault = ARMED.get();
    if (fault != null
        && Thread.currentThread().getName().startsWith(fault.thread())
        && ARMED.compareAndSet(fault, null)) {
      Throwable problem = fault.problem().get();
      if (problem instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) problem;
    }
  }

  @Override
  public Socket createSocket() {
    return new Faulty();
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return connected(new InetSocketAddress(host, port));
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return connected(new InetSocketAddress(host, port));
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
    throw new UnsupportedOperationException("the driver binds to no address");
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
    throw new UnsupportedOperationException("the driver binds to no address");
  }

  private static Socket connected(InetSocketAddress address) throws IOException {
    Socket socket = new Faulty();
    socket.connect(address);
    return socket;
  }

  private static final class Faulty extends Socket {
    @Override
    public InputStream getInputStream() throws IOException {
      return new FilterInputStream(super.getInputStream()) {
        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
          int count = in.read(into, offset, length);
          perhaps();
          return count;
        }
      };
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
          perhaps();
          if (Thread.currentThread().getName().startsWith("relay-db")) {
            STATEMENTS.incrementAndGet();
          }
          out.write(from, offset, length);
        }
      };
    }
  }
}
