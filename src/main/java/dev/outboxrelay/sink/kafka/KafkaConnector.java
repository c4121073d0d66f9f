// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.broker.BrokerClient;
import dev.outboxrelay.sink.broker.BrokerTls;
import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.Reach;
import dev.outboxrelay.sink.tcp.Endpoint;
import dev.outboxrelay.sink.tcp.TlsContexts;
import dev.outboxrelay.values.Destination;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.apache.kafka.clients.ApiVersions;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.MetadataRecoveryStrategy;
import org.apache.kafka.clients.NetworkClient;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerOverClient;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.network.ChannelBuilder;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;

/**
 * Connects to a cluster: to the hosts of the uri, and to the brokers that these tell of. Every one
 * of them is looked up and allowed right before.
 */
final class KafkaConnector {
  private static final TlsContexts TLS = new TlsContexts();
  private static final AtomicLong NUMBER = new AtomicLong();

  /** What the library holds of all destinations on a cluster, and the largest message. */
  private static final int BUFFER_BYTES = 32 << 20;

  /** A topic that nothing was sent to for so long is forgotten, and looked for again. */
  private static final int TOPIC_MILLIS = 60_000;

  private static final int MAX_UNDER_WAY = 5;
  private static final Pattern LINE_END = Pattern.compile("[\\r\\n]");

  private final BrokerUri uri;
  private final KafkaOptions options;
  private final AddressPolicy policy;
  private final Secrets secrets;

  KafkaConnector(BrokerUri uri, KafkaOptions options, AddressPolicy policy, Secrets secrets) {
    this.uri = uri;
    this.options = options;
    this.policy = policy;
    this.secrets = secrets;
  }

  BrokerClient connect(Destination destination, BrokerClient.Lost lost)
      throws IOException, InterruptedException {
    List<Reach> reachable = Reach.of(uri.hosts(), policy);
    Patience patience = Patience.of(destination.ackTimeout());
    ProducerConfig config =
        new ProducerConfig(settings(reachable, patience.delivery(), destination.connectTimeout()));
    Watch watch = new Watch(lost);
    Nodes nodes = new Nodes();
    WatchedMetadata metadata =
        new WatchedMetadata(
            config,
            uri.hosts().stream()
                .map(host -> InetSocketAddress.createUnresolved(host.host(), host.port()))
                .toList(),
            () -> {
              nodes.described();
              watch.stands();
            },
            problem -> watch.fails(words(problem, nodes)));
    Dispatch dispatch = new Dispatch(metadata, nodes, watch, patience);
    KafkaClient client = client(config, metadata, nodes, dispatch);
    try {
      if (watch.await(destination.connectTimeout())) {
        return client;
      }
      String obstacle = nodes.words();
      throw new IOException(
          "no answer of the cluster within "
              + destination.connectTimeout().toMillis()
              + " ms"
              + (obstacle == null ? "" : ": " + obstacle));
    } catch (IOException | InterruptedException e) {
      client.close();
      throw e;
    }
  }

  private KafkaClient client(
      ProducerConfig config, WatchedMetadata metadata, Nodes nodes, Dispatch dispatch) {
    Metrics metrics = new Metrics();
    ChannelBuilder channels =
        ClientUtils.createChannelBuilder(config, Time.SYSTEM, new LogContext());
    WatchedSelector selector =
        new WatchedSelector(
            config.getLong(ProducerConfig.CONNECTIONS_MAX_IDLE_MS_CONFIG),
            metrics,
            channels,
            this::check,
            nodes,
            dispatch);
    ApiVersions versions = new ApiVersions();
    NetworkClient network =
        new NetworkClient(
            null,
            metadata,
            selector,
            "outbox-relay",
            MAX_UNDER_WAY,
            config.getLong(ProducerConfig.RECONNECT_BACKOFF_MS_CONFIG),
            config.getLong(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG),
            config.getInt(ProducerConfig.SEND_BUFFER_CONFIG),
            config.getInt(ProducerConfig.RECEIVE_BUFFER_CONFIG),
            config.getInt(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG),
            config.getLong(ProducerConfig.SOCKET_CONNECTION_SETUP_TIMEOUT_MS_CONFIG),
            config.getLong(ProducerConfig.SOCKET_CONNECTION_SETUP_TIMEOUT_MAX_MS_CONFIG),
            Time.SYSTEM,
            true,
            versions,
            null,
            new LogContext(),
            host -> resolve(host, nodes),
            null,
            Long.MAX_VALUE,
            MetadataRecoveryStrategy.REBOOTSTRAP);
    ProducerOverClient producer = new ProducerOverClient(config, metadata, network, versions);
    dispatch.begin(producer, network::wakeup);
    return new KafkaClient(producer, metrics, dispatch, nodes);
  }

  private static InetAddress[] resolve(String host, Nodes nodes) throws UnknownHostException {
    try {
      InetAddress[] addresses = InetAddress.getAllByName(host);
      nodes.found(host);
      return addresses;
    } catch (UnknownHostException e) {
      nodes.unknown(host);
      throw e;
    }
  }

  /** Also holds a login's secret to the hosts that it may be sent to. */
  private void check(InetSocketAddress address) throws IOException {
    String host = address.getHostString();
    if (!policy.allows(host, address.getAddress())) {
      throw new IOException("the address is not among those that the relay may connect to");
    }
    String password = options.login().password();
    if (password != null) {
      secrets.read(password, host);
    }
  }

  private String words(KafkaException problem, Nodes nodes) {
    String name = options.login().tls().serverName();
    String ended = nodes.endedHost();
    String host = ended == null ? uri.hosts().get(0).host() : ended;
    return KafkaFailure.words(problem, name == null ? host : name);
  }

  private Map<String, Object> settings(
      List<Reach> reachable, Duration delivery, Duration connectTimeout) {
    int deliveryMillis = millis(delivery);
    int connectMillis = millis(connectTimeout);
    Map<String, Object> all = new HashMap<>();
    // Only so that there are some: the hosts of the uri are what is connected to.
    all.put(
        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
        reachable.stream().map(KafkaConnector::literal).toList());
    all.put(ProducerConfig.CLIENT_ID_CONFIG, "outbox-relay-" + NUMBER.incrementAndGet());
    all.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    all.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    all.put(ProducerConfig.ACKS_CONFIG, "all");
    all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    all.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, MAX_UNDER_WAY);
    all.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, deliveryMillis);
    // A broker that does not answer is left for another one while there is time.
    all.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.max(1, deliveryMillis / 2));
    all.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    all.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 0);
    all.put(ProducerConfig.BUFFER_MEMORY_CONFIG, BUFFER_BYTES);
    all.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, BUFFER_BYTES);
    all.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, TOPIC_MILLIS);
    all.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, options.compression());
    all.put(ProducerConfig.SOCKET_CONNECTION_SETUP_TIMEOUT_MS_CONFIG, connectMillis);
    all.put(ProducerConfig.SOCKET_CONNECTION_SETUP_TIMEOUT_MAX_MS_CONFIG, connectMillis);
    all.put(ProducerConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    all.put(ProducerConfig.METRIC_REPORTER_CLASSES_CONFIG, List.of());
    secure(all);
    return all;
  }

  private void secure(Map<String, Object> all) {
    KafkaOptions.Login login = options.login();
    String user = login.user();
    String password = login.password();
    boolean tls = uri.secure();
    String protocol = tls ? "SSL" : "PLAINTEXT";
    if (user != null && password != null) {
      protocol = "SASL_" + protocol;
      all.put(SaslConfigs.SASL_MECHANISM, login.mechanism());
      all.put(SaslConfigs.SASL_JAAS_CONFIG, jaas(login.mechanism(), user, secret(password)));
    }
    all.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, protocol);
    if (tls) {
      all.put(SslConfigs.SSL_ENGINE_FACTORY_CLASS_CONFIG, NamedEngines.class);
      all.put(NamedEngines.CONTEXT, TLS.javaContext(login.tls()));
      String name = login.tls().serverName();
      if (name != null) {
        BrokerTls.check(name);
        all.put(NamedEngines.NAME, name);
      }
    }
  }

  /** For every host that it may be sent to. */
  private String secret(String name) {
    String value = "";
    for (Endpoint host : uri.hosts()) {
      value = secrets.read(name, host.host());
    }
    return value;
  }

  private static Password jaas(String mechanism, String user, String password) {
    String module =
        mechanism.equals("PLAIN")
            ? "org.apache.kafka.common.security.plain.PlainLoginModule"
            : "org.apache.kafka.common.security.scram.ScramLoginModule";
    return new Password(
        module
            + " required username="
            + quoted("the user", user)
            + " password="
            + quoted("the password", password)
            + ";");
  }

  /**
   * As the library reads it.
   *
   * @param what shown when it cannot be, in place of what may be a secret
   */
  private static String quoted(String what, String value) {
    if (LINE_END.matcher(value).find()) {
      throw new IllegalArgumentException(what + " has more than one line");
    }
    return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static String literal(Reach reach) {
    String address = reach.address().getHostAddress();
    int zone = address.indexOf('%');
    String plain = zone < 0 ? address : address.substring(0, zone);
    return (plain.indexOf(':') >= 0 ? "[" + plain + "]" : plain) + ":" + reach.endpoint().port();
  }

  private static int millis(Duration duration) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, duration.toMillis()));
  }
}
