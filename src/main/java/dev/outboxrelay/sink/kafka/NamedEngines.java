// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.broker.BrokerTls;
import java.security.KeyStore;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.apache.kafka.common.security.auth.SslEngineFactory;
import org.jspecify.annotations.Nullable;

/**
 * TLS with the relay's own settings, which holds each broker's certificate against its name. The
 * library makes it, by its class.
 */
public final class NamedEngines implements SslEngineFactory {
  /** The settings of the library in which it finds what it needs. */
  static final String CONTEXT = "outbox.relay.tls.context";

  static final String NAME = "outbox.relay.tls.name";

  private @Nullable SSLContext context;
  private @Nullable String name;

  @Override
  public void configure(Map<String, ?> settings) {
    context = (SSLContext) settings.get(CONTEXT);
    name = (String) settings.get(NAME);
  }

  @Override
  public SSLEngine createClientSslEngine(String peer, int port, String identification) {
    String expected = name == null ? peer : name;
    BrokerTls.check(expected);
    SSLEngine engine = Objects.requireNonNull(context).createSSLEngine(expected, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    engine.setSSLParameters(parameters);
    return engine;
  }

  @Override
  public SSLEngine createServerSslEngine(String peer, int port) {
    throw new UnsupportedOperationException("the relay is no broker");
  }

  @Override
  public boolean shouldBeRebuilt(Map<String, Object> settings) {
    return false;
  }

  @Override
  public Set<String> reconfigurableConfigs() {
    return Set.of();
  }

  @Override
  public @Nullable KeyStore keystore() {
    return null;
  }

  @Override
  public @Nullable KeyStore truststore() {
    return null;
  }

  @Override
  public void close() {}
}
