// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.OptionReader;
import dev.outboxrelay.sink.tcp.TlsOptions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a destination's {@code options} say to this transport.
 *
 * @param binary CloudEvents in binary mode
 */
record NatsOptions(Login login, boolean binary) {

  /**
   * How the relay connects.
   *
   * @param user as it is
   * @param password the name of a secret, as are token and credentials
   */
  record Login(
      TlsOptions tls,
      @Nullable String user,
      @Nullable String password,
      @Nullable String token,
      @Nullable String credentials) {}

  private static final Map<String, Integer> PORTS = Map.of("nats", 4222, "tls+nats", 4222);

  static BrokerUri uri(String uri) {
    return BrokerUri.parse(uri, PORTS);
  }

  static NatsOptions parse(String json, boolean secure) {
    OptionReader options = new OptionReader(json);
    Login login =
        new Login(
            options.tls(secure),
            options.text("user"),
            options.secret("password"),
            options.secret("token"),
            options.secret("credentials"));
    boolean binary =
        options.choice("cloudevents_mode", List.of("structured", "binary")).equals("binary");
    options.end();
    if ((login.user() == null) != (login.password() == null)) {
      throw new IllegalArgumentException("options need user and password together");
    }
    int ways =
        (login.user() == null ? 0 : 1)
            + (login.token() == null ? 0 : 1)
            + (login.credentials() == null ? 0 : 1);
    if (ways > 1) {
      throw new IllegalArgumentException(
          "options have more than one of user, token and credentials");
    }
    return new NatsOptions(login, binary);
  }
}
