// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.sink.kafka.KafkaServer;
import dev.outboxrelay.testing.FaultProxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.AppInfoParser;

/** A Kafka of one broker; a topic of three partitions a destination. */
final class KafkaFarEnd implements FarEnd {
  private static final int PARTITIONS = 3;
  private static final Duration POLL = Duration.ofMillis(200);

  private final KafkaServer server = new KafkaServer();
  private final Map<String, KafkaConsumer<byte[], byte[]>> consumers = new HashMap<>();

  KafkaFarEnd() throws Exception {}

  @Override
  public void prepare(String destination) throws Exception {
    // So a record tells when the broker got it.
    server.topic(destination, PARTITIONS, Map.of("message.timestamp.type", "LogAppendTime"));
  }

  @Override
  public String uri(String destination) {
    return server.farUri(destination);
  }

  @Override
  public FaultProxy network() {
    return server.network();
  }

  @Override
  public void kill() throws Exception {
    server.program().kill();
  }

  @Override
  public void start() throws Exception {
    server.start();
  }

  @Override
  public void freeze() throws Exception {
    server.program().signal("STOP");
  }

  @Override
  public void proceed() throws Exception {
    server.program().signal("CONT");
  }

  @Override
  public void read(String destination, Taker taker) {
    KafkaConsumer<byte[], byte[]> consumer =
        consumers.computeIfAbsent(destination, this::fromTheBeginning);
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    while (ends.entrySet().stream()
        .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      for (ConsumerRecord<byte[], byte[]> stored : consumer.poll(POLL)) {
        taker.take(
            destination,
            new String(stored.value(), StandardCharsets.UTF_8),
            nanos(stored.timestamp()));
      }
    }
  }

  private static long nanos(long epochMillis) {
    return System.nanoTime()
        - TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis() - epochMillis);
  }

  private KafkaConsumer<byte[], byte[]> fromTheBeginning(String topic) {
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            server.reach(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    List<TopicPartition> partitions =
        IntStream.range(0, PARTITIONS)
            .mapToObj(number -> new TopicPartition(topic, number))
            .toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    return consumer;
  }

  @Override
  public String description() {
    return "Kafka " + AppInfoParser.getVersion() + ", acks=all, one replica, page cache";
  }

  @Override
  public void close() throws Exception {
    consumers.values().forEach(consumer -> consumer.close());
    server.close();
  }
}
