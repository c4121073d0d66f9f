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
 * once when nothing is there. Public since the driver makes it by its name.
 */
public final class PromptSocketFactory extends SocketFactory {
  /** The driver's timeout for a look. A wait that is meant must be longer. */
  static final int LOOK_MILLIS = 1;

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
        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
          if (getSoTimeout() == LOOK_MILLIS && in.available() == 0) {
            throw new SocketTimeoutException("nothing has come");
          }
          return in.read(into, offset, length);
        }
      };
    }
  }
}
