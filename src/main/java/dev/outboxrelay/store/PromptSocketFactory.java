// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import javax.net.SocketFactory;

/**
 * Sockets for the session that listens. After each notification the driver asks whether there is
 * another, by a read with a timeout of 1 ms, and only then hands the first one out: that is more
 * than half of the way of a message through an idle relay. On these sockets such a read ends at
 * once when nothing is there.
 *
 * <p>And they break when too much comes without a pause: the driver keeps all that it finds before
 * it hands anything out, and a stranger may notify more than the heap holds. Public since the
 * driver makes it by its name.
 */
public final class PromptSocketFactory extends SocketFactory {
  /** The driver's timeout for a look. A wait that is meant must be longer. */
  static final int LOOK_MILLIS = 1;

  /** The driver is given so much between two waits; as objects it is several times as much. */
  static final int BURST_BYTES = 1 << 20;

  /** More came than is kept. */
  static final class Flood extends IOException {
    private static final long serialVersionUID = 1L;

    Flood() {
      super("more was notified at once than is kept");
    }
  }

  @Override
  public Socket createSocket() {
    return new Prompt();
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
    Socket socket = new Prompt();
    try {
      socket.connect(address);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    return socket;
  }

  private static final class Prompt extends Socket {
    @Override
    public InputStream getInputStream() throws IOException {
      return new FilterInputStream(super.getInputStream()) {
        /** Since the driver has begun to wait. */
        private int burstBytes;

        private int lastTimeoutMillis;

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
          int timeoutMillis = getSoTimeout();
          if (timeoutMillis == LOOK_MILLIS && in.available() == 0) {
            throw new SocketTimeoutException("nothing has come");
          }
          // The driver waits with a timeout of its own, and reads on without one.
          if (timeoutMillis > LOOK_MILLIS && timeoutMillis != lastTimeoutMillis) {
            burstBytes = 0;
          }
          lastTimeoutMillis = timeoutMillis;
          if (burstBytes > BURST_BYTES) {
            throw new Flood();
          }
          int count = in.read(into, offset, length);
          burstBytes += Math.max(0, count);
          return count;
        }
      };
    }
  }
}
