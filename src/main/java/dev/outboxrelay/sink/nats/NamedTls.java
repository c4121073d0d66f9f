// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import dev.outboxrelay.sink.broker.BrokerTls;
import dev.outboxrelay.sink.broker.Reach;
import dev.outboxrelay.sink.tcp.Endpoint;
import dev.outboxrelay.sink.tcp.TlsOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/**
 * TLS that holds the server's certificate against the name that is meant. The library connects to
 * addresses, and would check no name at all.
 */
final class NamedTls extends SSLSocketFactory {
  private final SSLSocketFactory factory;
  private final TlsOptions options;
  private final List<Reach> reachable;

  private NamedTls(SSLSocketFactory factory, TlsOptions options, List<Reach> reachable) {
    this.factory = factory;
    this.options = options;
    this.reachable = reachable;
  }

  /**
   * A context whose sockets check names.
   *
   * @throws IllegalArgumentException for a name that Java does not check
   */
  static SSLContext context(SSLContext context, TlsOptions options, List<Reach> reachable) {
    NamedTls named = new NamedTls(context.getSocketFactory(), options, reachable);
    reachable.forEach(each -> BrokerTls.check(BrokerTls.name(options, each.endpoint())));
    return new Context(context, named);
  }

  @Override
  public Socket createSocket(Socket socket, String host, int port, boolean autoClose)
      throws IOException {
    InetAddress address = socket.getInetAddress();
    Endpoint endpoint =
        reachable.stream()
            .filter(each -> each.address().equals(address) && each.endpoint().port() == port)
            .findFirst()
            .orElseThrow(() -> new IOException(host + " is not an address of the destination"))
            .endpoint();
    return BrokerTls.over(socket, factory, BrokerTls.name(options, endpoint), port);
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    throw unconnected();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort)
      throws IOException {
    throw unconnected();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    throw unconnected();
  }

  @Override
  public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
      throws IOException {
    throw unconnected();
  }

  private static IOException unconnected() {
    return new IOException("TLS is laid over a connection that stands");
  }

  @Override
  public String[] getDefaultCipherSuites() {
    return factory.getDefaultCipherSuites();
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return factory.getSupportedCipherSuites();
  }

  private static final class Context extends SSLContext {
    Context(SSLContext context, NamedTls factory) {
      super(new Spi(context, factory), context.getProvider(), context.getProtocol());
    }
  }

  private static final class Spi extends SSLContextSpi {
    private final SSLContext context;
    private final NamedTls factory;

    Spi(SSLContext context, NamedTls factory) {
      this.context = context;
      this.factory = factory;
    }

    @Override
    protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random) {}

    @Override
    protected SSLSocketFactory engineGetSocketFactory() {
      return factory;
    }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() {
      return context.getServerSocketFactory();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine() {
      return context.createSSLEngine();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String host, int port) {
      return context.createSSLEngine(host, port);
    }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() {
      return context.getServerSessionContext();
    }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() {
      return context.getClientSessionContext();
    }
  }
}
