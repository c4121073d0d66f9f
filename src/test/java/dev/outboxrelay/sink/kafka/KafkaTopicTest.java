// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import org.junit.jupiter.api.Test;

final class KafkaTopicTest {

  private static Message of(String key, String type) {
    return Messages.labelled(1, "{}", new Label(key, "insert", "Shop", "orders", type, "1", 1));
  }

  @Test
  void topic_withPlaces_isFilledWithWhatFits() {
    KafkaTopic topic = KafkaTopic.parse("a.{schema}-{table}_{op}.{key}.{destination}");
    assertEquals("a.Shop-orders_insert.gr_n_1_2.test", topic.of(of("grün 1/2", null)));
  }

  private static String refusal(String topic, Message message) {
    return assertThrows(IllegalArgumentException.class, () -> KafkaTopic.parse(topic).of(message))
        .getMessage();
  }

  @Test
  void topic_thatCannotBeOne_isRefused() {
    assertTrue(refusal("outbox.event.{type}", of("k", null)).contains("needs a type"));
    assertTrue(refusal("{key}", of("__consumer_offsets", null)).contains("not __ first"));
    assertTrue(refusal("{key}", of("  consumer_offsets", null)).contains("not __ first"));
    assertTrue(refusal("{key}", of("..", null)).contains("not . or .."));
    assertTrue(refusal("{key}", of("k".repeat(250), null)).contains("at most 249 characters"));
  }
}
