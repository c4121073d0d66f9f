// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.broker.LaneEvents;
import dev.outboxrelay.values.Message;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * A message on its way to the library, and who hears of it.
 *
 * @param sinceNanos when it was handed over
 * @param tries how often it was sent
 * @param over whether nobody waits for it any more
 */
record Parcel(
    Message message,
    ProducerRecord<byte[], byte[]> record,
    LaneEvents events,
    AtomicBoolean over,
    long sinceNanos,
    int tries) {

  String topic() {
    return record.topic();
  }

  Parcel again() {
    return new Parcel(message, record, events, over, sinceNanos, tries + 1);
  }

  void taken() {
    events.answered(new Answer.Acked(message.id(), message.stamp()));
  }

  void refused(String why) {
    events.answered(new Answer.Nacked(message.id(), message.stamp(), why, true, null));
  }

  void later(String why) {
    events.answered(new Answer.Deferred(message.id(), message.stamp(), why, null));
  }
}
