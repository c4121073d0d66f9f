// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.sink.tcp.Endpoint;
import dev.outboxrelay.sink.tcp.TlsOptions;
import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** TLS over a connection that stands, which holds the broker's certificate against its name. */
public final class BrokerTls {
  private BrokerTls() {}

  /** The name that the certificate must bear. */
  public static String name(TlsOptions options, Endpoint endpoint) {
    return options.serverName() == null ? endpoint.host() : options.serverName();
  }

  /**
   * Refuses a broker of which one name is none that Java checks.
   *
   * @throws IllegalArgumentException in words
   */
  public static void check(BrokerUri uri, TlsOptions options) {
    if (uri.secure()) {
      uri.hosts().forEach(host -> check(name(options, host)));
    }
  }

  /**
   * Refuses a name that Java does not check.
   *
   * @throws IllegalArgumentException in words
   */
  public static void check(String name) {
    if (name.indexOf('_') >= 0) {
      throw new IllegalArgumentException(
          "Java holds no certificate against '"
              + name
              + "', which has an underscore: name another one in tls_server_name");
    }
  }

  /** Lays TLS over a socket; the handshake comes with the first use, or before. */
  public static SSLSocket over(Socket socket, SSLSocketFactory factory, String name, int port)
      throws IOException {
    SSLSocket secured = (SSLSocket) factory.createSocket(socket, name, port, true);
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    secured.setSSLParameters(parameters);
    return secured;
  }
}
