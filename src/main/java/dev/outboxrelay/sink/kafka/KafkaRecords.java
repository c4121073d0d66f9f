// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.BinaryEvent;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/** Makes a record of each message of one destination. */
final class KafkaRecords {
  private static final String CONTENT_TYPE = "content-type";
  private static final String JSON = "application/json";
  private static final String CLOUD_EVENT = "application/cloudevents+json; charset=UTF-8";

  private final KafkaTopic topic;
  private final boolean binary;
  private final String contentType;

  KafkaRecords(KafkaTopic topic, boolean binary, Destination destination) {
    this.topic = topic;
    this.binary = binary;
    contentType = destination.format() == Format.CLOUDEVENTS && !binary ? CLOUD_EVENT : JSON;
  }

  /**
   * The record; its key decides the partition, as every producer's in Java does.
   *
   * @throws IllegalArgumentException when there is no topic for it, in words
   */
  ProducerRecord<byte[], byte[]> of(Message message) {
    String to = topic.of(message);
    Headers headers = new RecordHeaders();
    put(headers, "id", message.wireId().toString());
    Label label = message.label();
    if (label != null) {
      put(headers, "epoch", Long.toString(label.epoch()));
      put(headers, "op", label.op());
      put(headers, "tx", label.tx());
      put(headers, "schema", label.schema());
      put(headers, "table", label.table());
      put(headers, "type", label.type());
    }
    put(headers, CONTENT_TYPE, contentType);
    byte[] body = message.body();
    if (binary) {
      BinaryEvent event = BinaryEvent.of(body);
      event.attributes().forEach((name, value) -> put(headers, "ce_" + name, value));
      body = event.data();
    }
    String key = label == null ? null : label.key();
    return new ProducerRecord<>(to, null, null, key == null ? null : bytes(key), body, headers);
  }

  private static void put(Headers headers, String name, @Nullable String value) {
    if (value != null) {
      headers.add(name, bytes(value));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
