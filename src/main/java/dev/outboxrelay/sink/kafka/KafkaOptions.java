// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.OptionReader;
import dev.outboxrelay.sink.tcp.TlsOptions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a destination's {@code options} say to this transport.
 *
 * @param compression of what is sent
 * @param binary CloudEvents in binary mode
 */
record KafkaOptions(Login login, String compression, boolean binary) {
  static final List<String> MECHANISMS = List.of("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN");
  static final List<String> COMPRESSIONS = List.of("none", "gzip", "snappy", "lz4", "zstd");

  /**
   * How the relay connects.
   *
   * @param password the name of a secret
   * @param mechanism of SASL; without a meaning when there is no user
   */
  record Login(
      TlsOptions tls, @Nullable String user, @Nullable String password, String mechanism) {}

  private static final Map<String, Integer> PORTS = Map.of("kafka", 9092, "tls+kafka", 9092);

  static BrokerUri uri(String uri) {
    return BrokerUri.parse(uri, PORTS);
  }

  static KafkaOptions parse(String json, boolean secure) {
    OptionReader options = new OptionReader(json);
    TlsOptions tls = options.tls(secure);
    String user = options.text("user");
    String password = options.secret("password");
    if ((user == null) != (password == null)) {
      throw new IllegalArgumentException("options need user and password together");
    }
    String mechanism = options.text("sasl_mechanism");
    if (mechanism != null && user == null) {
      throw new IllegalArgumentException("option sasl_mechanism needs user and password");
    }
    if (mechanism != null && !MECHANISMS.contains(mechanism)) {
      throw new IllegalArgumentException(
          "option sasl_mechanism is '" + mechanism + "', need " + String.join(" or ", MECHANISMS));
    }
    String compression = options.choice("compression", COMPRESSIONS);
    boolean binary =
        options.choice("cloudevents_mode", List.of("structured", "binary")).equals("binary");
    options.end();
    return new KafkaOptions(
        new Login(tls, user, password, mechanism == null ? MECHANISMS.get(0) : mechanism),
        compression,
        binary);
  }
}
