// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import java.time.Duration;

/**
 * How a destination is reached.
 *
 * @param endpoint where
 * @param tls how, if the endpoint is secure
 * @param timeout for each address, and again for the TLS handshake
 * @param unanswered nothing will tell later that the receiver refused the connection ({@code ack}
 *     'none'), so that must be known before it is used
 */
public record Route(Endpoint endpoint, TlsOptions tls, Duration timeout, boolean unanswered) {

  /** The name that the receiver's certificate must bear. */
  String serverName() {
    return tls.serverName() == null ? endpoint.host() : tls.serverName();
  }

  int timeoutMillis() {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, timeout.toMillis()));
  }
}
