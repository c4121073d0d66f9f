// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.broker.BrokerClient;
import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.Lane;
import dev.outboxrelay.sink.broker.LaneEvents;
import dev.outboxrelay.values.Destination;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.metrics.Metrics;

/** A producer, which all destinations of a cluster share. */
final class KafkaClient implements BrokerClient {
  private static final long CLOSE_MILLIS = 900;

  private final Producer<byte[], byte[]> producer;
  private final Metrics metrics;
  private final Dispatch dispatch;
  private final Nodes nodes;

  KafkaClient(Producer<byte[], byte[]> producer, Metrics metrics, Dispatch dispatch, Nodes nodes) {
    this.producer = producer;
    this.metrics = metrics;
    this.dispatch = dispatch;
    this.nodes = nodes;
  }

  @Override
  public Lane open(Destination destination, LaneEvents events) {
    BrokerUri uri = KafkaOptions.uri(destination.uri());
    KafkaOptions options = KafkaOptions.parse(destination.options(), uri.secure());
    KafkaRecords records =
        new KafkaRecords(KafkaTopic.parse(uri.path()), options.binary(), destination);
    return new KafkaLane(records, dispatch, nodes, events);
  }

  /** The library waits for its thread, which may look up a name: not longer than is allowed. */
  @Override
  public void close() {
    dispatch.close();
    Thread closing =
        new DefaultThreadFactory("kafka-closing", true)
            .newThread(
                () -> {
                  producer.close(Duration.ZERO);
                  metrics.close();
                });
    closing.start();
    try {
      closing.join(CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
