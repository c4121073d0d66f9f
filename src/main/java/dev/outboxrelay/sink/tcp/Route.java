package dev.outboxrelay.sink.tcp;

import java.time.Duration;

/**
 * How a destination is reached.
 *
 * @param endpoint where
 * @param tls how, if the endpoint is secure
 * @param timeout for each address, and again for the TLS handshake
 */
record Route(Endpoint endpoint, TlsOptions tls, Duration timeout) {

  /** The name that the receiver's certificate must bear. */
  String serverName() {
    return tls.serverName() == null ? endpoint.host() : tls.serverName();
  }

  int timeoutMillis() {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, timeout.toMillis()));
  }
}
