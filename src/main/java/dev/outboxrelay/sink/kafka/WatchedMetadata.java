// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.internals.ProducerMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.internals.ClusterResourceListeners;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.MetadataResponse;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;
import org.jspecify.annotations.Nullable;

/** What is known of a cluster and its topics; tells when something is, and what is fatal. */
final class WatchedMetadata extends ProducerMetadata {
  private final Runnable known;
  private final Consumer<KafkaException> fatal;

  /**
   * @param known told whenever a broker has described the cluster
   * @param fatal told what the library does not go on after, such as a refused login
   */
  WatchedMetadata(
      ProducerConfig config,
      List<InetSocketAddress> hosts,
      Runnable known,
      Consumer<KafkaException> fatal) {
    super(
        config.getLong(ProducerConfig.RETRY_BACKOFF_MS_CONFIG),
        config.getLong(ProducerConfig.RETRY_BACKOFF_MAX_MS_CONFIG),
        config.getLong(ProducerConfig.METADATA_MAX_AGE_CONFIG),
        config.getLong(ProducerConfig.METADATA_MAX_IDLE_CONFIG),
        new LogContext(),
        new ClusterResourceListeners(),
        Time.SYSTEM);
    this.known = known;
    this.fatal = fatal;
    bootstrap(hosts);
  }

  /** Whether something can be sent to it at once. */
  boolean knows(String topic) {
    return fetch().partitionCountForTopic(topic) != null;
  }

  /** Has it looked for; returns the version behind which something new is known. */
  int lookFor(String topic) {
    add(topic, Time.SYSTEM.milliseconds());
    return requestUpdateForTopic(topic);
  }

  /** What the brokers say of a topic, null when nothing. */
  @Nullable Errors saidOf(String topic) {
    return getError(topic);
  }

  @Override
  public synchronized void update(
      int requestVersion, MetadataResponse response, boolean isPartialUpdate, long nowMs) {
    super.update(requestVersion, response, isPartialUpdate, nowMs);
    known.run();
  }

  @Override
  public synchronized void fatalError(KafkaException exception) {
    super.fatalError(exception);
    fatal.accept(exception);
  }
}
