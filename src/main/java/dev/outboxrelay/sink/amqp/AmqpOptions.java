// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.OptionReader;
import dev.outboxrelay.sink.broker.Template;
import dev.outboxrelay.sink.tcp.TlsOptions;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a destination's {@code options} say to this transport.
 *
 * @param exchange empty for the default one
 */
record AmqpOptions(Login login, String exchange, Template routingKey) {
  static final int MAX_NAME_BYTES = 255;

  private static final int MAX_EXCHANGE_CHARS = 127;
  private static final Pattern ROUTING_KEY = Pattern.compile("[^{}]{1,255}");
  private static final Map<String, Integer> PORTS = Map.of("amqp", 5672, "amqps", 5671);

  /**
   * How the relay connects.
   *
   * @param password the name of a secret
   */
  record Login(TlsOptions tls, @Nullable String user, @Nullable String password) {}

  static BrokerUri uri(String uri) {
    return BrokerUri.parse(uri, PORTS);
  }

  /** The path as one name; the usual one is a slash. */
  static String virtualHost(BrokerUri uri) {
    if (uri.path().isEmpty()) {
      return "/";
    }
    if (uri.path().indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "the virtual host '" + uri.path() + "' has a slash: write it as %2F");
    }
    try {
      return URLDecoder.decode(uri.path().replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the virtual host '" + uri.path() + "' is not percent-encoded", e);
    }
  }

  static AmqpOptions parse(String json, boolean secure) {
    OptionReader options = new OptionReader(json);
    Login login = new Login(options.tls(secure), options.text("user"), options.secret("password"));
    String exchange = options.text("exchange");
    String routingKey = options.text("routing_key");
    options.end();
    if ((login.user() == null) != (login.password() == null)) {
      throw new IllegalArgumentException("options need user and password together");
    }
    if (exchange != null && exchange.length() > MAX_EXCHANGE_CHARS) {
      throw new IllegalArgumentException(
          "option exchange has " + exchange.length() + " characters, at most 127");
    }
    return new AmqpOptions(
        login,
        exchange == null ? "" : exchange,
        Template.parse(
            "option routing_key", routingKey == null ? "{destination}" : routingKey, ROUTING_KEY));
  }
}
